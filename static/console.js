// Enhancements; every page works without scripts.
'use strict';

document.documentElement.dataset.script = 'on';

// On a narrow screen the navigation scrolls: the current section is brought into view.
document.querySelector('.nav [aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center', behavior: 'instant' });

// A button that copies the text of the element it names.
for (const button of document.querySelectorAll('[data-copy]')) {
  button.hidden = false;
  button.addEventListener('click', async () => {
    const source = document.getElementById(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(source.textContent.trim());
    } catch {
      // No permission, or no clipboard without TLS: fall back to the selection.
      getSelection().selectAllChildren(source);
      if (!document.execCommand('copy')) return;
    }
    const label = button.textContent;
    button.textContent = button.dataset.done;
    setTimeout(() => { button.textContent = label; }, 2000);
  });
}

// A form is sent once, however often its button is pressed.
for (const form of document.querySelectorAll('form[method="post"]')) {
  form.addEventListener('submit', (event) => {
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    // A download leaves the page where it is: its form has to stay usable.
    if (!('download' in form.dataset)) form.dataset.sent = 'yes';
  });
}
addEventListener('pageshow', () => {
  for (const form of document.querySelectorAll('form[data-sent]')) delete form.dataset.sent;
});

// In a chart the arrow keys move from bar to bar; Escape leaves.
for (const plot of document.querySelectorAll('.chart .plot')) {
  plot.setAttribute('tabindex', '0');
  plot.setAttribute('role', 'application');
  plot.setAttribute('aria-label', plot.getAttribute('aria-label') + ' Use the arrow keys to read the bars.');
  const bars = [...plot.querySelectorAll('.bar')];
  const said = plot.closest('figure').querySelector('[aria-live]');
  let at = -1;
  const show = (next) => {
    bars[at]?.classList.remove('on');
    at = next;
    bars[at]?.classList.add('on');
    said.textContent = at < 0 ? '' : bars[at].dataset.says;
  };
  plot.addEventListener('keydown', (event) => {
    const last = bars.length - 1;
    const next = { ArrowLeft: Math.max(at < 0 ? last : at - 1, 0), ArrowRight: Math.min(at + 1, last), Home: 0, End: last, Escape: -1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    show(next);
  });
  plot.addEventListener('blur', () => show(-1));
}

// Changing a filter's select applies it.
for (const select of document.querySelectorAll('form.filters select')) {
  select.addEventListener('change', () => select.form.requestSubmit());
}

// Rows of a list: the box for the page ticks theirs, and the number that is selected is shown.
for (const form of document.querySelectorAll('form.bulk')) {
  const rows = [...form.elements].filter((box) => box.name === 'id');
  const page = form.querySelector('[value="page"]');
  const all = form.querySelector('[value="all"]');
  const said = form.querySelector('output');
  const show = () => {
    const ticked = rows.filter((box) => box.checked).length;
    page.checked = ticked === rows.length;
    page.indeterminate = ticked > 0 && ticked < rows.length;
    said.textContent = all?.checked ? '' : `${ticked} selected`;
  };
  page.addEventListener('change', () => {
    for (const box of rows) box.checked = page.checked;
    show();
  });
  for (const box of [...rows, ...(all ? [all] : [])]) box.addEventListener('change', show);
  addEventListener('pageshow', show); // the browser may have kept boxes
}

// A file is read into the field that takes its text.
for (const holder of document.querySelectorAll('[data-file-for]')) {
  holder.hidden = false;
  holder.querySelector('input').addEventListener('change', async (event) => {
    const [file] = event.target.files;
    if (!file) return;
    document.getElementById(holder.dataset.fileFor).value = await file.text();
    const list = holder.closest('form').elements.namedItem('list');
    if (list) list.value = 'pasted';
  });
}
