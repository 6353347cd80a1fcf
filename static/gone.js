/* in place of sw.js, where the device is not remembered */
oninstall = () => skipWaiting();
onactivate = e => e.waitUntil(caches.delete('offline').then(() => registration.unregister()));
