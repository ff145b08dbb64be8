/* built from sources with sha256 fc898a2ae47dcc703ae9c77eaab49072fa7c8be615cd38782fa013632966a3f0; change component/src and run make page */
import{httpTransport as t,mount as e}from"./component.js";e(document.getElementById("page"),t(),{shared:!0});
