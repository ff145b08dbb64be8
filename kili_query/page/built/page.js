/* built from sources with sha256 fdb1591a6ec14438b3b48b4f00e0da83f9cfbc7afa6978cbd7aec3f89095731d; change component/src and run make page */
import{httpTransport as t,mount as e}from"./component.js";e(document.getElementById("page"),t(),{shared:!0});
