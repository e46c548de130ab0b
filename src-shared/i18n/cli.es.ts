import type { cliEn } from './cli.en.ts';
import type { SameShape } from './same-shape.ts';

export const cliEs: SameShape<typeof cliEn> = {
  usage: { title: 'Uso:', arguments: 'Qué necesita:', options: 'Opciones:', globalOptions: 'Opciones de todas las órdenes:', commands: 'Órdenes:', help: 'muestra esta ayuda', version: 'muestra la versión' },
  option: {
    data: 'carpeta donde vive todo lo de este DistriShare', json: 'un objeto JSON por línea en stdout y nada más', lang: 'idioma: en o es',
    name: 'nombre que ven los demás', port: 'puerto para las conexiones (el siguiente libre si está ocupado)', listen: 'dirección en la que escucha', downloadDir: 'carpeta para las descargas',
    noMulticast: 'no anunciarse por multicast', noMdns: 'no anunciarse por mDNS', webPort: 'puerto de la página web (el siguiente libre si está ocupado)', noWeb: 'sin página web', sabotage: 'solo para pruebas: daña lo que se da a otros, como corrupt=0.5,bomb=0.1,stall=0.1,drop=0.1,lie=1,slow=BYTES/S,disconnect=0.01,seed=N',
    audience: 'quién puede verlo: {choices}', device: 'un dispositivo que puede verlo, con --audience devices (se puede repetir)', shareName: 'nombre con el que lo ven los demás',
    waitHashed: 'volver cuando todo esté preparado, con su id de contenido', for: 'cuántos segundos esperar respuestas', type: 'solo: {choices}',
    to: 'carpeta en la que se crea', noWait: 'ponerlo en la cola y volver', wait: 'volver cuando haya llegado', yes: 'contestar que sí a todo', off: 'deshacerlo',
    room: 'la sala que puede verlo, con --audience room', all: 'también lo que ha terminado', deletePartial: 'borrar también lo que ha llegado hasta ahora',
  },
  argument: {
    path: 'archivo o carpeta de este equipo', share: 'nombre, id o ruta de algo que compartes', address: 'HOST:PUERTO, HOST o [IPv6]:PUERTO', peer: 'dispositivo: su nombre, su id o el principio de él',
    remotePath: 'ruta en el dispositivo; empieza por el nombre de lo compartido', words: 'palabras que buscar', source: 'dispositivo, o solo un id de contenido', remotePaths: 'rutas en el dispositivo',
    transfer: 'id de una transferencia, o el principio de él', offer: 'id de una oferta, o el principio de él', key: 'nombre de un ajuste', value: 'su nuevo valor',
  },
  command: {
    serve: 'pone DistriShare en marcha sin ventana', share: 'comparte un archivo o una carpeta', unshare: 'deja de compartir; los archivos se quedan donde están', shares: 'enumera lo que compartes',
    peers: 'enumera los dispositivos encontrados', connect: 'conecta con una dirección', browse: 'enumera lo que comparte un dispositivo', search: 'busca en todos los dispositivos conectados',
    get: 'descarga archivos y carpetas', transfers: 'enumera las transferencias', transfer: 'muestra una transferencia de cerca: quién da qué y por qué no va más rápido', pause: 'pone transferencias en pausa', resume: 'continúa transferencias', cancel: 'termina transferencias; lo verificado se queda en el disco',
    send: 'envía archivos o carpetas a una persona, a la que se pregunta', inbox: 'enumera lo que quieren enviarte', accept: 'acepta una oferta', decline: 'rechaza una oferta',
    pair: 'compara códigos con un dispositivo y confía en él', block: 'bloquea un dispositivo: no ve nada tuyo', forgive: 'vuelve a pedir a un dispositivo que envió piezas erróneas', settings: 'muestra o cambia ajustes', limits: 'muestra o cambia los límites de velocidad: habituales y alternativos, de un dispositivo, por horario y para el ping', status: 'muestra cómo va todo',
    hash: 'calcula el id de contenido de un archivo o una carpeta; no necesita DistriShare en marcha', lab: 'simula muchos dispositivos en tiempo virtual; no necesita DistriShare en marcha',
  },
  lab: {
    run: 'ejecuta algo en tiempo virtual', swarm: 'simula a personas que se descargan un archivo unas de otras; las mismas opciones dan siempre lo mismo', preset: 'opciones de partida: {choices}',
    atLeastOne: 'al menos 1', twoPieces: 'mayor que una pieza: los archivos menores no forman enjambre',
    kind: { count: 'un número entero', part: 'un número de 0 a 1', number: 'un número', bytes: 'un tamaño, como 64MiB', rate: 'una velocidad, como 1.5MB o 400kbit, por segundo', millis: 'milisegundos', seconds: 'segundos' },
    option: {
      seed: 'número que decide todos los azares', peers: 'cuántos descargan el archivo', origins: 'cuántos lo tienen desde el principio', bytes: 'tamaño del archivo', pieceBytes: 'tamaño de una pieza',
      originUp: 'subida de cada origen', peerUp: 'subida de cada participante', peerDown: 'bajada de cada participante', latencyMs: 'retardo medio de ida, en ms', loss: 'parte de mensajes y bloques que se envían otra vez',
      lan: 'todos están en una red local', neighbours: 'conexiones que abre cada participante', arriveWithinMs: 'todos llegan en estos segundos', arrivalsPerSecond: 'en vez de eso llegan al azar, tantos por segundo',
      leaveWhenDone: 'se van cuando lo tienen todo', churnPerHour: 'cuántas veces por hora se va cada uno', awayMs: 'segundos que falta, de media', partitions: 'cuántas veces se parte la red en dos',
      partitionMs: 'segundos que dura cada corte', corrupt: 'parte que envía bytes equivocados', stall: 'parte que nunca contesta', lie: 'parte que dice tenerlo todo', diskBytesPerSecond: 'velocidad de cada disco',
      diskFails: 'parte de las escrituras que fallan', shuffle: 'parte de las respuestas que llegan dos veces; llegan desordenadas', limitMs: 'segundos tras los que la simulación ha fallado',
    },
    result: {
      what: 'QUÉ', value: 'VALOR', done: 'lo tienen todo', size: 'tamaño', median: 'tiempo mediano', last: 'el último acaba a los', bound: 'nadie podría antes de', ratio: 'último entre mínimo', utilisation: 'subida en uso',
      copies: 'copias enviadas por los orígenes', overhead: 'bytes recibidos entre necesarios', fairnessDown: 'equidad de velocidades (Jain)', fairnessUp: 'equidad de subidas (Jain)', bans: 'bloqueos', events: 'sucesos', cpu: 'tiempo de procesador', rate: 'sucesos por segundo', history: 'historia',
    },
  },
  serve: {
    ready: '{name} está en marcha en el puerto {port}.', web: 'Abre {url}', webOff: 'La página web está desactivada.', noUi: 'La página web aún no está construida; ejecuta «npm run build».', device: 'Id del dispositivo: {id}',
    sabotage: 'SABOTAJE ACTIVADO: este nodo daña lo que da a otros, para una prueba: {plan}', stop: 'Pulsa Ctrl-C para parar.', stopping: 'Parando…', failedFace: 'La página web no pudo arrancar.',
  },
  share: { added: 'Compartes «{name}» con: {audience}.', content: 'Id de contenido: {id}', id: 'Id de lo compartido: {id}', problems: 'un archivo no se puede compartir: | {n} archivos no se pueden compartir, entre ellos:', removed: 'Ya no compartes «{name}». Los demás conservan lo que tienen.', none: 'Aún no compartes nada. Añade algo: distrishare share RUTA' },
  peers: { none: 'Aún no se ha encontrado a nadie. Abre DistriShare en otro dispositivo de esta red y aparecerá solo.', connected: 'Conectado con {name} ({id}).', blocked: '{name} está bloqueado y no ve nada tuyo.', unblocked: '{name} ya no está bloqueado.', forgiven: 'A {name} ya no se le tiene nada en cuenta.' },
  browse: { empty: 'Aquí no hay nada.', total: 'una entrada | {n} entradas' },
  search: { nobody: 'No hay nadie conectado.', total: 'no se ha encontrado nada | una coincidencia | {n} coincidencias', peers: 'Preguntados {n}: {answered} han respondido, {waiting} sin respuesta aún, a {unreachable} no se llega.', here: 'ya lo tienes', truncated: 'Hay más; usa más palabras.' },
  get: {
    queued: '«{name}» está en la cola: {id}', done: '«{name}» ha llegado: {path}', total: '{size} en {seconds} s, {rate}', reused: '{size} ya estaban en este dispositivo.',
    interrupted: '«{name}» sigue en segundo plano. Míralo con «distrishare transfers», termínalo con «distrishare cancel {id}».', left: 'quedan {time}', needPaths: 'Di qué quieres descargar: un dispositivo y una ruta, o un id de contenido.',
  },
  transfer: { head: '«{name}» está {state}: {done} de {all}, {rate}' },
  transfers: { none: 'No hay transferencias.', changed: '«{name}» está ahora: {state}' },
  send: { asked: 'Se le pregunta a {name}.', accepted: '{name} ha aceptado.', done: '{name} lo ha recibido todo.', interrupted: 'La oferta sigue en pie. Termínala con «distrishare cancel {id}».' },
  inbox: { none: 'No hay nada esperándote.', accepted: 'Aceptado.', declined: 'Rechazado.', text: 'Texto: {text}' },
  pair: { compare: '¿Muestran los dos dispositivos este código?', other: 'Mira en {name}: tiene que estar el mismo código.', question: '¿Es el mismo? [s/n] ', yesLetters: 's', waiting: 'Esperando la respuesta de {name}…', done: '{name} ya es de confianza.', different: 'Los códigos son distintos. No se ha cambiado nada.', failed: 'La comparación terminó sin resultado. No se ha cambiado nada.' },
  settings: { changed: '{key} es ahora {value}.' },
  limits: {
    option: {
      down: 'recepción, por segundo: 500k, 1.5MB, 2MiB, u off', up: 'envío, por segundo, u off', peer: 'pone --down y --up solo a este dispositivo; vale el más estricto', alt: 'usa ya los límites alternativos, o deja de usarlos: on, off',
      altDown: 'límite alternativo de recepción', altUp: 'límite alternativo de envío', schedule: 'cuándo se usan los límites alternativos: «mon-fri 08:00-20:00», «daily 23:00-07:00», on, off', ping: 'cuántos milisegundos pueden añadir las transferencias al ping antes de ceder: de 5 a 1000, on (20), off',
    },
    badRate: '{text} no es una velocidad; escribe por ejemplo 500k, 1.5MB u off (como mínimo 1024 bytes por segundo)', badSchedule: '{text} no es un horario; escribe por ejemplo «mon-fri 08:00-20:00», on u off', badPing: '{text} no es posible: de 5 a 1000 milisegundos, on u off',
    peerAlone: '--peer va solo con --down y --up', peer: '{name}: recepción {down}, envío {up}.', none: 'sin límite', on: 'sí', off: 'no', usual: 'límites habituales', alternative: 'límites alternativos', now: 'ahora, en total', schedule: 'horario', ping: 'protección del ping',
    pingOn: 'como mucho {ms} ms más', added: 'ahora {ms} ms más', column: { down: 'RECEPCIÓN', up: 'ENVÍO' }, cause: { limit: 'límite', alternative: 'alternativo', schedule: 'horario', peer: 'dispositivo', ping: 'ping' },
  },
  hash: { skipped: 'Se deja fuera, porque no se puede compartir: {path}' },
  status: { name: 'Nombre', deviceId: 'Id del dispositivo', version: 'Versión', port: 'Puerto', addresses: 'Direcciones', dataDir: 'Datos', downloadDir: 'Descargas', free: '{size} libres', rates: 'Ahora', down: '{rate} de bajada', up: '{rate} de subida', online: 'En línea', transfers: 'Transferencias', offers: 'Te esperan', discovery: 'Se encuentra por', problems: 'Problemas' },
  column: { name: 'NOMBRE', id: 'ID', state: 'ESTADO', trust: 'CONFIANZA', address: 'DIRECCIÓN', path: 'CAMINO', latency: 'LATENCIA', shares: 'COMPARTE', size: 'TAMAÑO', files: 'ARCHIVOS', date: 'MODIFICADO', have: 'AQUÍ', audience: 'VISIBLE PARA', done: 'HECHO', rate: 'VELOCIDAD', from: 'DE', sources: 'FUENTES', what: 'QUÉ', givenBy: 'LO DA', takenBy: 'LO RECIBE', share: 'PARTE', failed: 'FALLOS', reason: 'MOTIVO', direction: '' },
  direction: { down: 'bajada', up: 'subida', in: 'de', out: 'para' },
  error: { prefix: 'Error:', commander: { missingArgument: 'falta el argumento {name}', missingOptionArgument: 'la opción {name} necesita un valor', unknownOption: 'no hay ninguna opción {name}', excessArguments: 'sobran argumentos', invalidValue: '{value} no vale para {name}', choices: 'uno de {choices}', invalidChoice: '{value} no vale para {name}, solo {choices}' }, value: { tooLong: 'un carácter como máximo | {n} caracteres como máximo', empty: 'no puede estar vacío', atMost: '{n} como máximo', atLeast: '{n} como mínimo' } },
};
