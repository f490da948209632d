/* Where nobody has said in which time zone a course is, a teacher who opens the dates of a link gets
   the browser's, and is told so. Who never opens them says nothing of the zone. */
export function init(fold) {
  const field = fold.querySelector("[name=time_zone]"), note = fold.querySelector("[data-zone-note]");

  function propose() {
    if (!fold.open) return;
    fold.removeEventListener("toggle", propose);
    const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (!own || own === field.value || field.value !== fold.dataset.zone) return;
    field.value = own;
    note.textContent = note.dataset.words;
  }

  fold.addEventListener("toggle", propose);
  propose();
}
