/* built from sources with sha256 afe84685ee964a848d1f07d39511f58f9ff6818ade600d1ef6244fcab357ce0a; change component/src and run make page */
import{httpTransport as t,mount as e}from"./component.js";e(document.getElementById("page"),t(),{shared:!0});
