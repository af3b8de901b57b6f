// Saved views, and the search beside a page. Every address and the page /admin/search work without.
'use strict';

{
  const storageKey = 'codexible.views';
  const mostViews = 40;
  const longestName = 60;
  const longestPath = 1000;

  const make = (name, properties = {}, ...children) => {
    const { aria = {}, ...rest } = properties;
    const element = Object.assign(document.createElement(name), rest);
    for (const [key, value] of Object.entries(aria)) element.setAttribute(key === 'role' ? key : 'aria-' + key, value);
    element.append(...children);
    return element;
  };

  // The pages with filters, and the names of the parameters that a view keeps of each.
  const lists = new Map();
  for (const link of document.querySelectorAll('.nav a[data-filters]')) {
    lists.set(link.getAttribute('href'), { title: link.textContent.trim(), names: link.dataset.filters.split(' ') });
  }

  // Of a key only the beginning leaves the browser.
  const shorten = (text) => text.replace(/(codexible_[0-9a-f]{8})[0-9a-z]+/gi, '$1');

  // The path and the filters of an address of this console; empty for any other address.
  const viewOf = (address) => {
    let url;
    try {
      url = new URL(address, location.origin);
    } catch {
      return '';
    }
    const list = lists.get(url.pathname);
    if (url.origin !== location.origin || !list) return '';
    const kept = new URLSearchParams();
    for (const name of list.names) {
      const value = url.searchParams.get(name);
      if (value) kept.set(name, shorten(value));
    }
    const path = url.pathname + '?' + kept;
    return kept.size === 0 || path.length > longestPath ? '' : path;
  };

  // The storage may hold anything: what is no view is left out.
  const readViews = () => {
    try {
      const stored = JSON.parse(localStorage.getItem(storageKey));
      return (Array.isArray(stored) ? stored : [])
        .filter((view) => typeof view?.name === 'string' && typeof view.path === 'string')
        .map((view) => ({ name: view.name.trim().slice(0, longestName), path: viewOf(view.path) }))
        .filter((view) => view.name !== '' && view.path !== '')
        .slice(0, mostViews);
    } catch {
      return [];
    }
  };
  const writeViews = (views) => {
    try {
      localStorage.setItem(storageKey, JSON.stringify(views));
      return true;
    } catch {
      return false; // No storage, or it is full.
    }
  };

  // ── Saved views: a row above a list ──
  const row = make('nav', { className: 'views', aria: { label: 'Saved views' } });

  const removeView = (view) => {
    writeViews(readViews().filter((other) => other.name !== view.name || other.path !== view.path));
    drawViews();
    row.querySelector('button, a')?.focus();
  };

  const askName = (path) => {
    const input = make('input', { id: 'view-name', type: 'text', maxLength: longestName, required: true, autocomplete: 'off' });
    const said = make('span', { className: 'problem', aria: { role: 'status' } });
    const cancel = make('button', { type: 'button', className: 'button small', textContent: 'Cancel' });
    const form = make('form', { className: 'view-form' }, make('label', { htmlFor: 'view-name', textContent: 'Name of the view' }), input,
      make('button', { className: 'button small primary', textContent: 'Save' }), cancel, said);
    const close = () => {
      drawViews();
      row.querySelector('[data-save], [aria-current]')?.focus();
    };
    cancel.addEventListener('click', close);
    form.addEventListener('keydown', (event) => { if (event.key === 'Escape') close(); });
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const name = input.value.trim();
      if (name === '') return;
      const others = readViews().filter((view) => view.name !== name || viewOf(view.path).split('?')[0] !== location.pathname);
      if (writeViews([...others, { name, path }])) close();
      else said.textContent = 'This browser stores nothing for this site. Keep the address as a bookmark.';
    });
    row.querySelector('[data-save]').replaceWith(form);
    input.focus();
  };

  const drawViews = () => {
    const all = readViews();
    const here = viewOf(location.href);
    const chips = all.filter((view) => view.path.split('?')[0] === location.pathname).map((view) => {
      const link = make('a', { href: view.path }, make('bdi', { textContent: view.name }));
      if (view.path === here) link.setAttribute('aria-current', 'page');
      const remove = make('button', { type: 'button', textContent: '×', title: 'Remove', aria: { label: 'Remove the view ' + view.name } });
      remove.addEventListener('click', () => removeView(view));
      return make('li', {}, link, remove);
    });
    row.replaceChildren();
    if (chips.length > 0) row.append(make('ul', {}, ...chips));
    if (here !== '' && !all.some((view) => view.path === here)) {
      if (all.length < mostViews) {
        const save = make('button', { type: 'button', className: 'button small', textContent: 'Save this view', title: 'Kept in this browser' });
        save.dataset.save = '';
        save.addEventListener('click', () => askName(here));
        row.append(save);
      } else {
        row.append(make('span', { className: 'soft small', textContent: `${mostViews} views are saved. Remove one to save another.` }));
      }
    }
    row.hidden = row.childElementCount === 0;
  };

  const main = document.querySelector('main.main');
  if (main && lists.has(location.pathname)) {
    main.querySelector('.top').after(row);
    drawViews();
    addEventListener('storage', (event) => { if (event.key === storageKey && !row.querySelector('form')) drawViews(); });
  }

  // ── The search beside a page ──
  const opener = document.querySelector('[data-search]');
  let palette;

  const makePalette = () => {
    const input = make('input', {
      type: 'text', maxLength: 200, autocomplete: 'off', spellcheck: false, enterKeyHint: 'go', placeholder: 'Users, keys, requests and pages',
      aria: { role: 'combobox', label: 'Search users, keys, requests and pages', expanded: 'true', controls: 'palette-list', autocomplete: 'list', haspopup: 'listbox' },
    });
    const list = make('div', { id: 'palette-list', className: 'palette-list', tabIndex: -1, aria: { role: 'listbox', label: 'Results' } });
    const said = make('p', { className: 'soft small', aria: { role: 'status' } });
    const dialog = make('dialog', { className: 'palette', aria: { label: 'Search' } }, input, list, said);
    let options = [];
    let at = -1;
    let asked; // The last text that was sent, or is about to be.
    let timer;
    let request;
    let openFirst = false; // Enter was pressed before the answer.

    const select = (next) => {
      options[at]?.setAttribute('aria-selected', 'false');
      at = next;
      if (at < 0) {
        input.removeAttribute('aria-activedescendant');
        return;
      }
      options[at].setAttribute('aria-selected', 'true');
      options[at].scrollIntoView({ block: 'nearest', behavior: 'instant' });
      input.setAttribute('aria-activedescendant', options[at].id);
    };

    // groups are kinds of results: their names, and the path, title and description of each.
    const draw = (groups) => {
      options = [];
      list.replaceChildren();
      for (const { name, lines } of groups) {
        if (lines.length === 0) continue;
        const group = make('div', { aria: { role: 'group', label: name } }, make('div', { className: 'kind', textContent: name, aria: { hidden: 'true' } }));
        for (const { path, title, under } of lines) {
          const option = make('a', { href: path, id: 'palette-' + options.length, tabIndex: -1, aria: { role: 'option', selected: 'false' } }, make('bdi', { textContent: title }));
          if (under) option.append(make('span', { className: 'under', textContent: under }));
          option.addEventListener('click', () => dialog.close());
          options.push(option);
          group.append(option);
        }
        list.append(group);
      }
      select(options.length > 0 ? 0 : -1);
    };

    const viewsNamed = (text) => {
      const words = text.toLowerCase().split(/\s+/);
      const lines = readViews()
        .map((view) => ({ path: view.path, title: view.name, under: lists.get(view.path.split('?')[0]).title }))
        .filter(({ title, under }) => words.every((word) => (title + ' ' + under).toLowerCase().includes(word)));
      return { name: 'Saved views', lines: lines.slice(0, text === '' ? mostViews : 6) };
    };

    const drawStart = () => {
      const pages = [...document.querySelectorAll('.nav a')].map((link) => ({ path: link.getAttribute('href'), title: link.textContent.trim() }));
      draw([viewsNamed(''), { name: 'Pages', lines: pages }]);
      said.textContent = '';
    };

    const drawAnswer = (text, page) => {
      const results = page.querySelector('[data-results]');
      const problem = page.querySelector('.problem')?.textContent;
      const groups = [viewsNamed(text)];
      for (const section of results?.querySelectorAll('section') ?? []) {
        const lines = [...section.querySelectorAll('li')].map((item) => ({
          path: item.querySelector('a')?.getAttribute('href') ?? '', title: item.querySelector('a')?.textContent.trim(), under: item.querySelector('.under')?.textContent.trim(),
        }));
        groups.push({ name: section.querySelector('h2').textContent, lines: lines.filter(({ path }) => path.startsWith('/admin')) });
      }
      draw(groups);
      said.textContent = problem ?? (options.length === 0 ? 'Nothing found.' : options.length === 1 ? '1 result' : options.length + ' results');
    };

    const send = async (text, leaked) => {
      request = new AbortController();
      const { signal } = request;
      let page;
      let problem = 'The search failed. Try again.';
      try {
        const answer = await fetch('/admin/search?' + new URLSearchParams(leaked ? { q: text, leaked: 'yes' } : { q: text }), { signal });
        if (new URL(answer.url).pathname !== '/admin/search') problem = 'You are signed out. Load this page again to sign in.';
        else if (answer.ok || answer.status === 422) page = new DOMParser().parseFromString(await answer.text(), 'text/html');
      } catch {
        // The network failed, or a later text is asked for.
      }
      if (signal.aborted || text !== asked) return;
      request = undefined;
      if (page) {
        drawAnswer(text, page);
      } else {
        draw([viewsNamed(text)]);
        said.textContent = problem;
      }
      if (leaked) said.textContent += ' Only the beginning of the key was sent.';
      if (openFirst && at >= 0) options[at].click();
      openFirst = false;
    };

    const ask = () => {
      const typed = input.value.trim();
      const text = shorten(typed);
      if (text === asked) return;
      asked = text;
      openFirst = false;
      clearTimeout(timer);
      timer = undefined;
      request?.abort();
      request = undefined;
      if (text === '') {
        drawStart();
        return;
      }
      // What is shown is of another text: Enter must not open it.
      select(-1);
      timer = setTimeout(() => {
        timer = undefined;
        send(text, text !== typed);
      }, 150);
    };

    input.addEventListener('input', ask);
    input.addEventListener('keydown', (event) => {
      if (event.isComposing) return;
      const last = options.length - 1;
      if (event.key === 'Enter') {
        event.preventDefault();
        if (timer || request) openFirst = true;
        else options[at]?.click();
      } else if (last >= 0 && (event.key === 'ArrowDown' || event.key === 'ArrowUp') && !timer && !request) {
        event.preventDefault();
        select(event.key === 'ArrowDown' ? (at >= last ? 0 : at + 1) : (at <= 0 ? last : at - 1));
      }
    });
    dialog.addEventListener('click', (event) => { if (event.target === dialog) dialog.close(); });
    dialog.addEventListener('close', () => {
      clearTimeout(timer);
      timer = undefined;
      request?.abort();
    });
    document.body.append(dialog);
    return {
      dialog,
      open() {
        if (dialog.open) return;
        input.value = '';
        asked = undefined;
        dialog.showModal(); // Closing gives the focus back to where it was.
        input.focus();
        ask();
      },
    };
  };

  const openPalette = () => {
    palette ??= makePalette();
    palette.open();
  };

  if (opener) {
    opener.addEventListener('click', (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return; // a new tab
      event.preventDefault();
      openPalette();
    });
    document.addEventListener('keydown', (event) => {
      if (event.defaultPrevented || event.isComposing || event.altKey || event.shiftKey && event.key !== '/') return;
      const chord = (event.metaKey || event.ctrlKey) && event.key.toLowerCase() === 'k';
      const slash = event.key === '/' && !event.metaKey && !event.ctrlKey && !event.target.closest('input, textarea, select, [contenteditable], dialog');
      if (!chord && !slash) return;
      event.preventDefault();
      if (chord && palette?.dialog.open) palette.dialog.close();
      else openPalette();
    });
    addEventListener('pageshow', (event) => { if (event.persisted) palette?.dialog.close(); });
  }
}
