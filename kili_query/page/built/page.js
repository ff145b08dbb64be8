/* built from sources with sha256 9dd823c7fe101f5df36fd53e411520411f29d446e1fd4a1b907f3c054d3281a5; change component/src and run make page */
import{httpTransport as t,mount as e}from"./component.js";e(document.getElementById("page"),t(),{shared:!0});
