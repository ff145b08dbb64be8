/* built from sources with sha256 b7056621e232af180efc0f9c80bb73e39b3924f83fe946f15ec89e1a3d1ab95c; change component/src and run make page */
import{httpTransport as t,mount as e}from"./component.js";e(document.getElementById("page"),t(),{shared:!0});
