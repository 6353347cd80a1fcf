/* what is noted without a connection waits here until the person sends it */
const d = document, s = localStorage, box = d.getElementById('unsent'), [, list, row] = box.children, mine = box.dataset.key;
const all = css => [...d.querySelectorAll(css)];
const show = () => {
  list.textContent = '';
  Object.keys(s).forEach(k => {
    if (k.indexOf(mine)) return;
    if (!location.search && all('.msg[data-forget]').some(x => k.includes(x.dataset.forget))) return s.removeItem(k);
    const n = JSON.parse(s[k]), i = d.getElementsByName(k.slice(mine.length))[0];
    list.append(row.content.cloneNode(true));
    const [p, a, b] = list.lastElementChild.children;
    if (i && !i.value) i.value = n[0];
    n[1] = new Date(n[1]).toLocaleString(d.documentElement.lang, { dateStyle: 'medium', timeStyle: 'short' });
    p.textContent = p.textContent.replace(/#(.)/g, (_, c) => n[c]);
    a.href = n[3];
    b.onclick = () => { s.removeItem(k); if (i) i.value = ''; show(); };
  });
  box.hidden = !list.firstChild;
};
oninput = e => {
  const i = e.target, k = mine + i.name;
  s.removeItem(k);
  if (i.dataset.at && i.value.trim()) s[k] = JSON.stringify([i.value, new Date(), i.dataset.of, i.dataset.at]);
  show();
};
onformdata = e => [...e.formData.keys()].forEach(x => s[mine + x] && e.formData.set('taken-' + x, JSON.parse(s[mine + x])[1]));
addEventListener('htmx:afterSettle', show);
show();
navigator.serviceWorker?.register('/sw.js').then(() => caches.open('offline')).then(c =>
  c.addAll(['/offline', ...all('[rel=stylesheet],[defer],[type=module]').map(x => x.href || x.src)])).catch(x => x);
