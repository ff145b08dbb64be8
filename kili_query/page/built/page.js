/* built from sources with sha256 99fd2c3e222d83bc9626834f317836ddbd89fdb9f6c185fdd0455e7d1af7f02c; change component/src and run make page */
import{httpTransport as t,mount as e}from"./component.js";e(document.getElementById("page"),t(),{shared:!0});
