/* built from sources with sha256 762b69fc4f3c4ced0640dd3ad833996b18bd359d907eae94e0173173f0c67e2b; change component/src and run make page */
import{httpTransport as t,mount as e}from"./component.js";e(document.getElementById("page"),t(),{shared:!0});
