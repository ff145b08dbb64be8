/* built from sources with sha256 7acf83789c5d82d7ff40fd0f2c2bacf3a53a94c46b79b41591e37bff8d520ed3; change component/src and run make page */
import{httpTransport as t,mount as e}from"./component.js";e(document.getElementById("page"),t(),{shared:!0});
