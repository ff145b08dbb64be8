/* built from sources with sha256 642aa5a478bd0c254cee8e5617507a335ce3b4dc6e9ddc7277a13a9268fac766; change component/src and run make page */
import{httpTransport as t,mount as e}from"./component.js";e(document.getElementById("page"),t(),{shared:!0});
