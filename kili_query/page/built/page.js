/* built from sources with sha256 9e9c435014fd7df21f81710c7dbaa5d161c62773f89a14caf199fd3b755efe22; change component/src and run make page */
import{httpTransport as t,mount as e}from"./component.js";e(document.getElementById("page"),t(),{shared:!0});
