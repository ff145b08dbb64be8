/* built from sources with sha256 d228430bbed9f2bf2f731d14e75f86e2352736c5eedbe50c1c0420d6aa2cbc9d; change component/src and run make page */
import{httpTransport as t,mount as e}from"./component.js";e(document.getElementById("page"),t(),{shared:!0});
