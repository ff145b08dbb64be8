/* built from sources with sha256 30f14c6decba2b6ea8ef0930fa1d4a1c2c391496112931a73079b822841e30fa; change component/src and run make page */
import{httpTransport as t,mount as e}from"./component.js";e(document.getElementById("page"),t(),{shared:!0});
