/* built from sources with sha256 f42ac83908c80acd4a13958ccf6078ed609b8939be66d3fc6586f16a268a9954; change component/src and run make page */
import{httpTransport as t,mount as e}from"./component.js";e(document.getElementById("page"),t(),{shared:!0});
