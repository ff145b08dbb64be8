/* built from sources with sha256 f8831c13115b1c17bcc3bb07ea587d4adfa31a4778796c7b1320b53003885a50; change component/src and run make page */
import{httpTransport as t,mount as e}from"./component.js";e(document.getElementById("page"),t(),{shared:!0});
