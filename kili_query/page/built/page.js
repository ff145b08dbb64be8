/* built from sources with sha256 28c44f49a08b1338c6f1c63b005541a33b43b911353bac32a80f9e48cc537ff0; change component/src and run make page */
import{httpTransport as t,mount as e}from"./component.js";e(document.getElementById("page"),t(),{shared:!0});
