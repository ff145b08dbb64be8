/* built from sources with sha256 a3ba79e0363e06fce3fcccd66a403f89f4efb73974314627a0f2db986ae3cfa9; change component/src and run make page */
import{httpTransport as t,mount as e}from"./component.js";e(document.getElementById("page"),t(),{shared:!0});
