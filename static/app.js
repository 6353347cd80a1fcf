/* progressive extras only: every page works without this file */
(function () {
  'use strict';
  var d = document, root = d.documentElement, b, timer, live;
  function T(k) { return d.body.getAttribute('data-t-' + k) || ''; }
  function say(x) { if (!(live = d.getElementById('live'))) return; live.textContent = ''; setTimeout(function () { live.textContent = x; }, 80); }
  function each(s, f) { Array.prototype.forEach.call(d.querySelectorAll(s), f); }
  function up(e, s) { return e.target && e.target.closest ? e.target.closest(s) : null; }

  /* 1 busy + slow */
  d.addEventListener('htmx:beforeRequest', function (e) {
    if (e.detail.elt.hasAttribute('data-quiet')) return;
    root.classList.add('busy'); if (e.detail.target) e.detail.target.setAttribute('aria-busy', 'true');
    clearTimeout(timer); timer = setTimeout(function () { root.classList.add('slow'); say(T('slow')); }, 4000);
  });
  d.addEventListener('htmx:afterRequest', function (e) {
    clearTimeout(timer); root.classList.remove('busy', 'slow'); if (e.detail.target) e.detail.target.removeAttribute('aria-busy');
  });

  /* 2 failures: nothing is swapped, the form and its values stay */
  function fail(kind) { return function (e) {
    var f = e.detail.elt.closest('form'), m = f && f.querySelector('[data-fail=' + kind + ']');
    if (kind === 'server' && e.detail.xhr.status < 500) return;
    if (m) { m.hidden = false; m.focus(); } else say(T(kind));
  }; }
  d.addEventListener('htmx:sendError', fail('net')); d.addEventListener('htmx:timeout', fail('net')); d.addEventListener('htmx:responseError', fail('server'));

  /* 3 plain (non-htmx) forms: ignore the second submit for 8 s */
  d.addEventListener('submit', function (e) {
    var f = e.target, n = Date.now(); if (f.hasAttribute('data-hx-post') || f.method === 'get') return;
    if (n - (f._t || 0) < 8000) e.preventDefault(); else f._t = n;
  });
  window.addEventListener('pageshow', function (e) { each('form', function (f) { f._t = 0; }); if (e.persisted && d.body.hasAttribute('data-private')) location.reload(); });

  /* 4 drafts: tab-only by default; device-wide only where the user chose "remember me" */
  var store; try { store = d.body.hasAttribute('data-own-device') ? localStorage : sessionStorage; } catch (_) {}
  function drafts() { store && each('form[data-draft]', function (f) {
    Array.prototype.forEach.call(f.elements, function (i) { var k = 'd:' + f.dataset.draft + ':' + i.name, v = store.getItem(k); if (i.name && /^(text|search|email|tel|textarea)$/.test(i.type) && !i.value && v) i.value = v; });
  }); }
  d.addEventListener('input', function (e) { var f = up(e, 'form[data-draft]'); if (f && store && e.target.name && /^(text|search|email|tel|textarea)$/.test(e.target.type)) try { store.setItem('d:' + f.dataset.draft + ':' + e.target.name, e.target.value); } catch (_) {} });
  d.addEventListener('htmx:afterSettle', drafts);
  d.addEventListener('draft-done', function (e) { if (store) Object.keys(store).forEach(function (k) { if (!k.indexOf('d:' + e.detail.value + ':')) store.removeItem(k); }); });
  drafts();

  /* 5 on/offline */
  function net() { var off = !navigator.onLine; if (root.classList.contains('is-offline') && !off) say(T('online')); root.classList.toggle('is-offline', off); }
  window.addEventListener('online', net); window.addEventListener('offline', net); net();

  /* 6 show password */
  d.addEventListener('click', function (e) {
    if (!(b = up(e, '[data-show]'))) return; var i = d.getElementById(b.dataset.show), s = i.type === 'password';
    i.type = s ? 'text' : 'password'; b.textContent = s ? b.dataset.hide : b.dataset.label; say(s ? b.dataset.saidOn : b.dataset.saidOff);
  });
  d.addEventListener('submit', function (e) { each('input[data-pw]', function (i) { i.type = 'password'; }); }, true);

  each('[data-show],[data-copy]', function (x) { if (x.dataset.show || navigator.clipboard) x.hidden = false; });

  /* 7 copy buttons */
  d.addEventListener('click', function (e) {
    if (!(b = up(e, '[data-copy]'))) return;
    navigator.clipboard.writeText(b.dataset.copy).then(function () { say(b.dataset.said); b.classList.add('done'); });
  });

  /* 8 idle warning */
  var idle = +d.body.dataset.idle, dlg = d.getElementById('idle'), last = Date.now(), shown;
  if (idle && dlg && dlg.showModal) {
    setInterval(function () {
      var left = idle - (Date.now() - last) / 1000;
      if (left <= 0) location.href = '/login?expired=1';
      else if (left <= 180 && !shown) { shown = 1; dlg.showModal(); }
    }, 5000);
    dlg.addEventListener('close', function () { shown = 0; fetch('/session/extend', { method: 'POST', headers: { 'X-CSRFToken': d.body.dataset.csrf } }).then(function (r) { if (r.ok) last = Date.now(); }); });
    d.addEventListener('htmx:afterRequest', function (e) { if (!e.detail.elt.hasAttribute('data-quiet')) last = Date.now(); });
  }
})();
