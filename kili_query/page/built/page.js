/* built from sources with sha256 1df5fe051af26ece08c0d3681b55ad1d071e91cfed52ca2573d5886aa0076483; change component/src and run make page */
import{httpTransport as t,mount as e}from"./component.js";e(document.getElementById("page"),t(),{shared:!0});
