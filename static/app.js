/* extras only: every page works without this file */
(function () {
  'use strict';
  var d = document, root = d.documentElement, data = d.body.dataset, bar = d.getElementById('bar'), timer;
  function on(names, act, at) { names.split(' ').forEach(function (n) { (at || d).addEventListener(n, act); }); }
  function each(css, act) { Array.prototype.forEach.call(d.querySelectorAll(css), act); }
  function up(e, css) { return e.target && e.target.closest ? e.target.closest(css) : null; }
  function say(text) { var live = d.getElementById('live'); live.textContent = ''; setTimeout(function () { live.textContent = text; }, 80); }
  function warn(text) { if (text) say(text); bar.textContent = text; bar.hidden = !text; }

  /* 1 busy and slow */
  on('htmx:beforeRequest', function (e) {
    if (e.detail.elt.hasAttribute('data-quiet')) return;
    root.classList.add('busy'); if (e.detail.target) e.detail.target.setAttribute('aria-busy', 'true');
    each('[data-fail]', function (x) { x.hidden = true; });
    clearTimeout(timer); timer = setTimeout(function () { warn(data.tSlow); }, 4000);
  });
  on('htmx:afterRequest', function (e) {
    clearTimeout(timer); net(); root.classList.remove('busy'); if (e.detail.target) e.detail.target.removeAttribute('aria-busy');
  });

  /* 2 failures: the form and its values stay */
  function fail(e) {
    var kind = e.type === 'htmx:responseError' ? 'server' : 'net';
    var f = e.detail.elt.closest('form'), m = f && f.querySelector('[data-fail=' + kind + ']');
    if (m) { m.hidden = false; m.focus(); } else warn(kind === 'net' ? data.tNet : data.tServer);
  }
  on('htmx:sendError htmx:timeout htmx:responseError', function (e) { setTimeout(fail, 0, e); });

  /* 3 plain forms: a second submit within 8 s is a double click */
  on('submit', function (e) {
    var f = e.target, now = Date.now();
    each('input[data-pw]', function (i) { i.type = 'password'; });
    if (f.getAttribute('action') === '/logout') forget('');
    if (f.hasAttribute('data-hx-post') || f.method !== 'post') return;
    if (f.dataset.draft && !navigator.onLine) { e.preventDefault(); warn(data.tNet); return; }
    if (now - (f.sentAt || 0) < 8000) e.preventDefault(); else f.sentAt = now;
  });
  on('pageshow', function (e) {
    each('form', function (f) { f.sentAt = 0; });
    if (e.persisted && 'private' in data) location.reload();
  }, window);

  /* 4 drafts: in this tab; for 7 days on a device that is remembered */
  var store, TEXT = /^(text|search|email|tel|textarea)$/;
  try { store = 'ownDevice' in data ? localStorage : sessionStorage; if ('private' in data && store !== localStorage) forget('o:', localStorage); } catch (_) { store = null; }
  function key(i) { return 'd:' + i.form.dataset.draft + ':' + i.name; }
  function forget(what, at) { if (at = at || store) Object.keys(at).forEach(function (k) { if (!k.indexOf(what)) at.removeItem(k); }); }
  function drafts() {
    each('.msg[data-forget]', function (x) { forget('d:' + x.dataset.forget); });
    each('form[data-draft] [name]', function (i) { if (store && TEXT.test(i.type) && !i.value) i.value = store.getItem(key(i)) || ''; });
  }
  on('input', function (e) {
    var i = e.target; if (!store || !i.form || !i.form.dataset.draft || !TEXT.test(i.type)) return;
    try { store.setItem(key(i), i.value); store.setItem('d@', Date.now()); } catch (_) { /* full or forbidden */ }
  });
  on('htmx:afterSettle', drafts);
  if (store && store.getItem('d@') < Date.now() - 6048e5) forget('d:');
  drafts();

  /* 5 on and off line */
  function net() { warn(navigator.onLine ? '' : data.tOffline); }
  on('offline', net, window);
  on('online', function () { net(); say(data.tOnline); }, window);
  if (!navigator.onLine) net();

  /* 6 clicks: show the password, copy, drop a draft */
  each('[data-show],[data-copy]', function (x) { if (x.dataset.show || navigator.clipboard) x.hidden = false; });
  on('click', function (e) {
    var b = up(e, '[data-show],[data-copy],a[data-forget]'), i, shown; if (!b) return;
    if (b.dataset.forget) forget('d:' + b.dataset.forget);
    if (b.dataset.copy) navigator.clipboard.writeText(b.dataset.copy).then(function () { b.firstChild.data = b.dataset.said; say(b.dataset.said); });
    if (!b.dataset.show) return;
    i = d.getElementById(b.dataset.show); shown = i.type === 'password';
    i.type = shown ? 'text' : 'password'; b.textContent = shown ? b.dataset.hide : b.dataset.label; say(shown ? b.dataset.saidOn : b.dataset.saidOff);
  });

  /* 7 passkeys and identity cards, where they work */
  var P = window.PublicKeyCredential, W = window.webeid;
  function ask(e) {
    var f = e.target, n = f.dataset.card, o = n || JSON.parse(f.dataset.passkey);
    e.preventDefault();
    (n ? W.authenticate(n, { lang: root.lang }) : o.user ? navigator.credentials.create({ publicKey: P.parseCreationOptionsFromJSON(o) })
      : navigator.credentials.get({ publicKey: P.parseRequestOptionsFromJSON(o) })).then(function (c) {
      f.elements.answer.value = JSON.stringify(c); f.submit();
    }).catch(function () { var m = f.querySelector('[data-fail]'); m.hidden = false; m.focus(); });
  }
  function offer(what) {
    each('[data-' + what + ']', function (x) {
      x.hidden = !x.hidden;
      if (x.dataset[what]) on('submit', ask, x);
      if ('now' in x.dataset) x.requestSubmit();
    });
  }
  if (P && P.parseCreationOptionsFromJSON) offer('passkey');
  if (W) offer('card');

  /* 8 warning before the session ends */
  var idle = +data.idle, box = d.getElementById('idle'), last = Date.now();
  if (!idle || !box || !box.showModal) return;
  setInterval(function () {
    var left = idle - (Date.now() - last) / 1000;
    if (left <= 0) location.href = '/login?expired=1'; else if (left <= 180 && !box.open) box.showModal();
  }, 5000);
  on('close', function () {
    fetch('/session/extend', { method: 'POST', headers: { 'X-CSRFToken': data.csrf } }).then(function (r) { if (r.ok) last = Date.now(); });
  }, box);
  on('htmx:afterRequest', function (e) { if (!e.detail.elt.hasAttribute('data-quiet') && e.detail.successful) last = Date.now(); });
})();
