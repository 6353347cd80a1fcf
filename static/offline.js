/* notes made offline */
const D = '2-digit', d = document, s = localStorage, box = d.getElementById('unsent'), [, list, row] = box.children, mine = box.dataset.key;
const all = css => [...d.querySelectorAll(css)];
const show = () => {
  list.textContent = '';
  Object.keys(s).forEach(k => {
    if (k.indexOf(mine)) return;
    if (!location.search && all('.msg[data-forget]').some(x => k.includes(x.dataset.forget))) return delete s[k];
    const n = JSON.parse(s[k]), i = d.getElementsByName(k.slice(mine.length))[0];
    list.append(row.content.cloneNode(true));
    const [p, a, b] = list.lastElementChild.children;
    if (i && !i.defaultValue && !(i.dataset.of && i.value)) i.value = n[0];
    n[1] = new Date(n[1]).toLocaleString(d.documentElement.lang, { day: D, month: D, year: 'numeric', hour: D, minute: D });
    p.textContent = p.textContent.replace(/#(.)/g, (_, c) => n[c]);
    a.href = n[3];
    b.onclick = () => { delete s[k]; if (i) i.value = ''; show(); };
  });
  box.hidden = !list.firstChild;
};
oninput = ({ target: i }) => {
  const { of, at } = i.dataset, k = mine + i.name;
  delete s[k];
  if (at && i.value.trim()) s[k] = JSON.stringify([i.value, new Date(), of, at]);
  show();
};
onformdata = ({ formData: f }) => f.forEach((v, x) => { const n = JSON.parse(s[mine + x] || 0); n && n[0] === v && f.set('taken-' + x, n[1]); });
addEventListener('htmx:afterSettle', show);
show();
try {
  const now = Date.now();
  await navigator.serviceWorker.register('/sw.js');
  await (await caches.open(now)).addAll(['/offline', ...all('[rel=stylesheet],[defer],[type=module]').map(x => x.href || x.src)]);
  for (const x of await caches.keys()) if (x < now) caches.delete(x);
} catch {}
