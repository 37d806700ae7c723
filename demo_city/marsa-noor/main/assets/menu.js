// Only one part of the menu stays open. Without script the parts open and close all the same.
const parts = document.querySelectorAll(".mega details");
parts.forEach((part) => part.addEventListener("toggle", () => {
  if (part.open) parts.forEach((other) => { if (other !== part) other.open = false; });
}));
