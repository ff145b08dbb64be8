/* built from sources with sha256 c621b7443c750b3400cc34797b42dd02c0b2e46fa2f80e7fcd56f8c08fe8cba4; change component/src and run make page */
import{httpTransport as t,mount as e}from"./component.js";e(document.getElementById("page"),t(),{shared:!0});
