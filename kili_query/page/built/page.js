/* built from sources with sha256 df52f07bcf767035c1b1728bfe9fceb82cb607e4e90e291c53bc8826638ef865; change component/src and run make page */
import{httpTransport as t,mount as e}from"./component.js";e(document.getElementById("page"),t(),{shared:!0});
