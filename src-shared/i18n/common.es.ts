import type { commonEn } from './common.en.ts';
import type { SameShape } from './same-shape.ts';

export const commonEs: SameShape<typeof commonEn> = {
  app: { name: 'DistriShare', tagline: 'Comparte archivos directamente entre personas.' },
  state: {
    transfer: {
      queued: 'en cola', preparing: 'preparando', running: 'en marcha', waiting: 'esperando', paused: 'en pausa', checking: 'comprobando', done: 'terminado',
      failed: 'detenido', cancelled: 'cancelado',
    },
    upload: { done: 'enviado', cancelled: 'enviado en parte' },
    share: { scanning: 'leyendo la carpeta', hashing: 'preparando', ready: 'listo', missing: 'no está', paused: 'en pausa' },
    trust: { seen: 'nuevo', verified: 'verificado', paired: 'de confianza', blocked: 'bloqueado' },
    presence: { banned: 'vetado', online: 'en línea', offline: 'sin conexión' },
    search: { waiting: 'sin respuesta aún' },
    discovery: { on: 'sí', off: 'no', failed: 'no es posible' },
  },
  audience: { nobody: 'nadie', devices: 'dispositivos de confianza', room: 'una sala', everyone: 'todos en esta red', public: 'público' },
  path: { loopback: 'este equipo', lan: 'LAN', overlay: 'por una VPN', internet: 'internet', relay: 'por un servidor', via: 'por {name}' },
  mapping: {
    off: 'No se pide al router que deje entrar a nadie.', unneeded: 'No hace falta mientras no uses ningún servidor ni estés en ninguna sala.', 'no-router': 'Ninguna red en uso tiene un router que pueda dejar entrar a otros.', asking: 'Se está preguntando al router…',
    mapped: 'El router deja entrar a otros por {address} ({method}).', inner: 'El router deja entrar a otros por {address} ({method}), pero él mismo está detrás de otro router.',
    none: 'El router ({router}) no abre ningún puerto por sí mismo.', failed: 'El router ({router}) no quiso abrir un puerto: {reason}.',
  },
  count: {
    files: 'ningún archivo | un archivo | {n} archivos',
    items: 'nada | un elemento | {n} elementos',
    people: 'nadie | una persona | {n} personas',
    shares: 'no comparte nada | un elemento compartido | {n} elementos compartidos',
    sources: 'ninguna fuente | una fuente | {n} fuentes',
  },
  value: {
    empty: 'El valor de «{name}» no encaja: no puede estar vacío.', tooLong: 'El valor de «{name}» no encaja: un carácter como máximo. | El valor de «{name}» no encaja: {n} caracteres como máximo.',
    atMost: 'El valor de «{name}» no encaja: {n} como máximo.', atLeast: 'El valor de «{name}» no encaja: {n} como mínimo.', range: 'El valor de «{name}» no encaja: un número de {from} a {to}.',
    choices: 'El valor de «{name}» no encaja: uno de {choices}.', number: 'El valor de «{name}» no encaja: tiene que ser un número entero.', decimal: 'El valor de «{name}» no encaja: tiene que ser un número como {example}.', address: 'El valor de «{name}» no encaja: tiene que ser como 192.168.1.7, 192.168.1.7:47800 o nombre.local.',
    form: 'El valor de «{name}» no es de los que van ahí.',
  },
  argument: {
    name: 'nombre', text: 'texto', address: 'dirección', path: 'ruta', paths: 'archivos', words: 'palabras buscadas', invitation: 'invitación', lastsMs: 'duración', peer: 'dispositivo', share: 'lo compartido', room: 'sala', member: 'miembro',
    downloadDir: 'carpeta de descargas', port: 'puerto', servers: 'servidores', unusedNetworks: 'redes', downloadLimit: 'límite de bajada', uploadLimit: 'límite de subida', down: 'límite de bajada', up: 'límite de subida',
    alternativeDownloadLimit: 'límite alternativo de bajada', alternativeUploadLimit: 'límite alternativo de subida', pingBudget: 'lo que las transferencias pueden sumar al ping', activeTransfers: 'descargas a la vez', days: 'días', from: 'comienzo',
  },
  evidence: { wrong: 'Envió 1 pieza errónea. | Envió {n} piezas erróneas.', wrongOf: 'La última, la pieza {pieces} de {file}. | Las últimas, las piezas {pieces} de {file}.' },
  /** Where one can go, in the order of sidebar and menus. */
  place: { nearby: 'Cerca', browse: 'Explorar', search: 'Buscar', transfers: 'Transferencias', shares: 'Compartido', rooms: 'Salas', settings: 'Ajustes' },
  menu: {
    file: 'Archivo', edit: 'Edición', view: 'Ver', window: 'Ventana', help: 'Ayuda',
    shareFiles: 'Compartir archivos…', shareFolder: 'Compartir una carpeta…', openDownloads: 'Abrir descargas', settings: 'Ajustes…', pauseAll: 'Pausar todas las transferencias',
    resumeAll: 'Reanudar todas las transferencias', show: 'Abrir DistriShare', hide: 'Ocultar DistriShare', hideOthers: 'Ocultar los demás', showAll: 'Mostrar todo', services: 'Servicios',
    quit: 'Salir', about: 'Acerca de DistriShare', undo: 'Deshacer', redo: 'Rehacer', cut: 'Cortar', copy: 'Copiar', paste: 'Pegar', selectAll: 'Seleccionar todo',
    back: 'Atrás', forward: 'Adelante', reload: 'Recargar', developerTools: 'Herramientas de desarrollo', zoomIn: 'Acercar', zoomOut: 'Alejar', zoomReset: 'Tamaño normal', fullScreen: 'Pantalla completa',
    minimize: 'Minimizar', close: 'Cerrar ventana',
  },
  tray: {
    idle: 'DistriShare', running: 'DistriShare: {down} de bajada, {up} de subida', offers: 'una persona quiere enviarte algo | {n} personas quieren enviarte algo', waiting: '{n} descargas esperan',
  },
  outside: {
    anew: 'DistriShare se ha iniciado de nuevo desde que se abrió esta página', used: 'Esta dirección ya se ha usado o no está completa', why: 'Cada inicio tiene sus propias direcciones y cada una deja entrar a un solo navegador, para que nadie más entre desde este ordenador.',
    next: 'Abre la dirección nueva: se muestra donde se inició DistriShare. Después esta página también volverá a funcionar.', again: 'Si no la encuentras, ejecuta una de estas órdenes. DistriShare sigue como está y se muestra otra dirección.', reload: 'Recargar esta página',
  },
  notification: {
    offer: { title: '{name} quiere enviarte algo', body: '{what}, {size}' },
    text: { title: '{name} te ha enviado un texto' },
    transferDone: { title: '«{name}» ha llegado', body: 'En {folder}' },
    transferFailed: { title: '«{name}» se ha detenido' },
    offerDone: { title: '{name} lo ha recibido todo' },
    offerDeclined: { title: '{name} lo ha rechazado' },
    pairing: { title: '{name} quiere comparar códigos', body: 'Abre DistriShare y mirad juntos el código.' },
    quitWithTransfers: {
      title: '¿Salir con una transferencia en marcha? | ¿Salir con {n} transferencias en marcha?', body: 'Seguirán solas la próxima vez.', quit: 'Salir', stay: 'Quedarse',
    },
  },
  link: { unknown: 'DistriShare no entiende este enlace.' },
};
