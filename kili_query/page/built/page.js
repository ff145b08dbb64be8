/* built from sources with sha256 b71cd9b36b9e6dc9617684d167bb162ffad2abb07f95e049f1101b5590003945; change component/src and run make page */
import{httpTransport as t,mount as e}from"./component.js";e(document.getElementById("page"),t(),{shared:!0});
