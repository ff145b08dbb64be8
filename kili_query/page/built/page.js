/* built from sources with sha256 7c20a2295ad069cd59b33e14e8ec0300330930aa1f642a38b95a4fc1f431d667; change component/src and run make page */
import{httpTransport as t,mount as e}from"./component.js";e(document.getElementById("page"),t(),{shared:!0});
