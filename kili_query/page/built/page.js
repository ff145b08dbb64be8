/* built from sources with sha256 f746d3a41b9375db89bd2d79da47bf3da1e4e241bbc151d3b30a11dd39c8864b; change component/src and run make page */
import{httpTransport as t,mount as e}from"./component.js";e(document.getElementById("page"),t(),{shared:!0});
