/* built from sources with sha256 3f682e3deef7c15244a2a6901ef7e87d7dc58735639d6edef64ba2c773ad50b8; change component/src and run make page */
import{httpTransport as t,mount as e}from"./component.js";e(document.getElementById("page"),t(),{shared:!0});
