/* built from sources with sha256 9ba72729e7d0aff0ac49d33d7924a1fce6f2cd1bd3c74ed9573cc22f48240a91; change component/src and run make page */
import{httpTransport as t,mount as e}from"./component.js";e(document.getElementById("page"),t(),{shared:!0});
