/* Confirmation in a <dialog>: for `hx-confirm="…"` and for the confirm() component, which without script
   is a fold with the same form. */

function open(content, label) {
  const dialog = document.createElement("dialog");
  dialog.className = "cl-dialog";
  dialog.setAttribute("aria-labelledby", label.id ||= "confirm-title");
  dialog.append(content);
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

function cancelButton(dialog) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-sm btn-bare";
  button.textContent = "Cancel";
  button.addEventListener("click", () => dialog().close());
  return button;
}

/* The fold's form moves into the dialog and back, so that what htmx bound to it stays. */
function openFold(event) {
  const fold = event.target.closest?.("details[data-confirm] > summary")?.parentElement;
  if (!fold || fold.open) return;
  event.preventDefault();
  const form = fold.querySelector("form"), opener = event.target.closest("summary");
  const cancel = cancelButton(() => dialog);
  form.querySelector(".cl-row:last-of-type").prepend(cancel);
  const dialog = open(form, form.querySelector("h2"));
  form.addEventListener("submit", () => setTimeout(() => dialog.close()), { once: true });
  dialog.addEventListener("close", () => {
    cancel.remove();
    fold.append(form);
    dialog.remove();
    opener.focus();
  });
}

/* htmx asks before a request that carries hx-confirm. */
function ask(event) {
  const { ctx, issueRequest, dropRequest } = event.detail;
  event.preventDefault();
  const box = document.createElement("div"), title = document.createElement("h2"), row = document.createElement("div");
  title.textContent = ctx.confirm;
  row.className = "cl-row mt-3";
  const go = document.createElement("button");
  go.type = "button";
  go.className = "btn btn-sm btn-quiet";
  go.textContent = ctx.sourceEvent?.submitter?.textContent.trim() || ctx.sourceElement.textContent.trim() || "Continue";
  row.append(cancelButton(() => dialog), go);
  box.append(title, row);
  const dialog = open(box, title);
  let confirmed = false;
  go.addEventListener("click", () => { confirmed = true; dialog.close(); });
  dialog.addEventListener("close", () => { dialog.remove(); (confirmed ? issueRequest : dropRequest)(); });
}

export function start() {
  document.addEventListener("click", openFold);
  document.addEventListener("htmx:confirm", ask);
}
