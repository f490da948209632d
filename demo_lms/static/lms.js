// The few things that a browser does by itself here; every page works without them.
for (const form of document.querySelectorAll("form[data-auto-submit]")) {
  form.submit();
}
const back = document.querySelector("a[data-leave-frame]");
if (back) {
  window.top.location.assign(back.href);
}
