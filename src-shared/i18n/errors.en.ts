import type { ErrorCode } from '../errors.ts';

/**
 * `what`: what happened, as a sentence that holds without parameters. `about`: the same with names, used when the error
 * carries every parameter in it. `next`: what ends it.
 */
export interface ErrorText {
  readonly what: string;
  readonly about?: string;
  readonly next: string;
}

export const errorsEn = {
  'bad-usage': { what: 'The command cannot be read like this.', about: 'The command cannot be read like this: {detail}', next: 'Add --help to see how it is used.' },
  'bad-argument': { what: 'A value does not fit here.', about: 'The value for “{name}” does not fit: {detail}', next: 'Correct it and try again.' },
  'unknown-command': { what: 'There is no such command.', about: 'There is no command “{name}”.', next: 'Add --help to see all commands.' },
  'not-found': { what: 'It is not there, or not visible to you.', about: '“{name}” is not there, or not visible to you.', next: 'Check the name, or look again: it may have been moved or unshared.' },
  'already-exists': { what: 'There is already something with this name.', about: 'There is already something named “{name}”.', next: 'Choose another name.' },
  ambiguous: { what: 'More than one thing fits this name.', about: '“{name}” fits more than one: {fits}.', next: 'Write more of it, or the whole id.' },
  cancelled: { what: 'It was cancelled.', next: 'Start it again whenever you like.' },
  interrupted: { what: 'It was interrupted.', next: 'Nothing is lost: what was under way goes on in the background.' },
  internal: { what: 'Something went wrong inside DistriShare.', about: 'Something went wrong inside DistriShare: {detail}', next: 'Try again. If it happens again, please report it with these words.' },

  'file-missing': { what: 'The file is not there.', about: '“{path}” is not there.', next: 'Check the path, or put the file back.' },
  'no-permission': { what: 'Your system does not allow access.', about: 'Your system does not allow access to “{path}”.', next: 'Change the permissions, or choose another place.' },
  'disk-full': { what: 'The disk is full.', about: 'The disk with “{path}” is full.', next: 'It continues by itself when there is room again.' },
  'disk-error': { what: 'The disk reported an error.', about: 'The disk reported an error for “{path}”.', next: 'Nothing verified is lost. Check the disk, then try again.' },
  'not-a-folder': { what: 'This is not a folder.', about: '“{path}” is not a folder.', next: 'Choose a folder.' },
  'folder-gone': { what: 'The folder is gone.', about: 'The folder “{path}” is gone.', next: 'It continues by itself when the folder is back, for example when you plug the drive in.' },
  'name-not-shareable': { what: 'The name is not valid text, so it cannot be shared.', about: 'The name “{name}” is not valid text, so it cannot be shared.', next: 'Rename the file.' },
  'not-shareable': { what: 'It is neither a file nor a folder, so it cannot be shared.', about: '“{name}” is neither a file nor a folder, so it cannot be shared.', next: 'Choose files and folders. Devices, pipes and sockets of your system stay where they are.' },
  'too-deep': { what: 'It lies in more folders, one inside the other, than can be shared.', about: '“{name}” lies in more folders, one inside the other, than can be shared.', next: 'Move it up, or share a folder further inside by itself.' },
  'file-changed': { what: 'The file changed while it was being read.', about: '“{path}” changed while it was being read.', next: 'It is read again by itself when it rests.' },
  'name-too-long': { what: 'The name is too long for this disk.', about: 'The name “{name}” is too long for this disk.', next: 'Choose a folder with a shorter path.' },
  'file-locked': { what: 'Another program is using the file.', about: 'Another program is using “{path}”.', next: 'Close that program; it continues by itself.' },
  'watch-failed': { what: 'Changes in this folder cannot be noticed as they happen.', about: 'Changes in “{path}” cannot be noticed as they happen.', next: 'It is looked through every minute instead. On Linux, raising fs.inotify.max_user_watches ends this.' },
  'share-unknown': { what: 'You share no such thing.', about: 'You share nothing that is called “{name}”.', next: 'Look at your shares: it may have another name, or be shared no longer.' },

  'node-not-running': { what: 'DistriShare is not running.', about: 'DistriShare is not running with the data in {path}.', next: 'Open the app, or run “distrishare serve” (in a checkout “npm start”). If it uses another folder, name it with --data.' },
  'other-version': { what: 'DistriShare was updated, and what runs is of another version.', next: 'Reload the page, or end DistriShare and start it again.' },
  'node-already-running': { what: 'DistriShare is already running with this data.', about: 'DistriShare is already running with the data in {path}.', next: 'Use the one that runs, or start another with its own --data folder.' },
  'store-damaged': { what: 'The list of what you share was damaged.', about: 'The list of what you share was damaged. The old one is kept in {path}.', next: 'It is built again from your files; this takes a while. Your files are untouched.' },
  'settings-damaged': { what: 'The settings file was damaged.', about: 'The settings file was damaged. It is kept as {path}.', next: 'A copy of it is in use. Look through the settings once.' },
  'settings-lost': { what: 'The settings were damaged, and nobody can tell any more who was to find this device.', about: 'The settings were damaged, and nobody can tell any more who was to find this device. The damaged file is kept as {path}.', next: 'This device is hidden now. Look through the settings, and choose who sees it.' },
  'settings-newer': { what: 'A newer DistriShare wrote the settings, and who may find this device cannot be read from them.', about: 'A newer DistriShare wrote {path}, and who may find this device cannot be read from it.', next: 'This device is hidden now. Update DistriShare, or choose who sees it.' },
  'identity-damaged': { what: 'The key that proves who this device is was damaged.', about: 'The key in {path} that proves who this device is was damaged.', next: 'Put it back from a backup. Or move it away to start as a new device; people you trust must then confirm you again.' },
  'port-taken': { what: 'The port is in use by another program.', about: 'Port {port} is in use by another program.', next: 'Choose another port, or end the other program.' },
  'newer-data': { what: 'This data was written by a newer DistriShare.', about: 'The data in {path} was written by a newer DistriShare.', next: 'Update DistriShare. Nothing was changed.' },
  'not-authorised': { what: 'You are not signed in here.', next: 'Open DistriShare again with a fresh link: run “npm start” or “distrishare serve”.' },
  'server-refused': { what: 'The server refused.', about: 'The server refused: {detail}', next: 'It is asked again by itself. If it goes on, ask whoever runs it.' },
  'room-unknown': { what: 'There is no such room.', about: 'There is no room “{name}”.', next: 'Look at your rooms: it may have ended, or you may have left it.' },
  'room-not-yours': { what: 'Only the person who made the room can do that.', about: 'Only the person who made “{name}” can do that.', next: 'Ask them, or make a room of your own.' },
  'room-not-met': { what: 'Nobody of this room has been met yet, so nothing can be shared with it.', about: 'Nobody of “{name}” has been met yet, so nothing can be shared with it.', next: 'It works as soon as a member is online. Ask for the invitation link or its QR code if you are not on the same network.' },
  'room-over': { what: 'This room has ended.', about: 'The room “{name}” has ended.', next: 'Ask for a new invitation. If it should not have ended yet, check the clock of this device.' },
  'invitation-false': { what: 'This invitation claims to lead to a room that you are in, but somebody else made it.', about: 'This invitation claims to lead to “{name}”, a room that you are in, but somebody else made it.', next: 'Do not use it: whoever made it may want to see what is shared with your room. Ask who sent it to you.' },
  'invitation-unreadable': { what: 'This is not an invitation to a room: the words do not belong together.', about: 'This is not an invitation to a room: word {place}, “{word}”, is not one of the words that are used.', next: 'Compare it word by word with the original. An invitation has 12 words, or is a link that begins with distrishare:room.' },
  'member-unknown': { what: 'Nobody in this room has that name.', about: 'Nobody in this room is named “{name}”.', next: 'Look at the members of the room.' },

  'sabotage-locked': { what: 'Sabotage is for tests only and is locked.', next: 'To harm transfers on purpose, also set DISTRISHARE_SABOTAGE=I-am-testing. Otherwise leave --sabotage out.' },
  'sabotage-on': { what: 'SABOTAGE IS ON: this device harms what it gives to others, for a test.', next: 'Start it without --sabotage to end that.' },
  'peer-unknown': { what: 'No such device has been seen.', about: 'No device “{name}” has been seen.', next: 'Check the name (the whole one, of people you do not trust yet) or the id, or connect by address.' },
  'peer-offline': { what: 'This person is not online.', about: '{name} is not online.', next: 'It continues by itself when they are back.' },
  'codes-differ': { what: 'The codes differ.', next: 'Nothing was changed. Either one of you saw an older code, or somebody stands between you. Compare again; if they differ once more, share nothing with that device over this network.' },
  'codes-unconfirmed': { what: 'The codes were not confirmed.', about: '{name} did not confirm the codes.', next: 'Nothing was changed. Try again when you both have time.' },
  'not-reachable': { what: 'The device cannot be reached.', about: '{address} cannot be reached.', next: 'Check that DistriShare runs there, the address, and that no firewall is in the way.' },
  timeout: { what: 'There was no answer in time.', about: 'There was no answer from {address} in time.', next: 'Try again in a moment.' },
  refused: { what: 'The other device refused.', about: '{name} refused.', next: 'Ask the person there.' },
  blocked: { what: 'You have blocked this device, or it has blocked you.', about: '{name} is blocked.', next: 'Unblock it to go on.' },
  'version-mismatch': { what: 'The two devices run versions that do not understand each other.', about: 'This device and {name} run versions that do not understand each other.', next: 'Update DistriShare on the older one.' },
  'protocol-error': { what: 'The other device sent something that makes no sense.', about: 'The other device sent something that makes no sense: {detail}', next: 'The connection was closed to be safe. It is tried again by itself.' },
  'self-dial': { what: 'This is the address of your own device.', about: '{address} is your own device.', next: 'Use the address of another one.' },
  'server-untrusted': { what: 'The server shows a certificate that this system does not trust.', about: '{name} shows a certificate that this system does not trust.', next: 'Use its whole URL with the # and the fingerprint after it, as its operator has it.' },
  'server-dates': { what: 'By the clock of this device the server’s certificate is not valid now.', about: 'By the clock of this device the certificate of {name} is not valid now.', next: 'Check date and time of this device. If they are right, the server’s operator has to renew it.' },
  'server-newer': { what: 'The server refused for a reason that this version does not know.', about: 'The server refused for a reason that this version does not know: {detail}', next: 'Update DistriShare if there is a newer version. Meanwhile it is asked again by itself.' },
  'identity-changed': { what: 'The device is not the one it was before.', about: '{name} is not the same device as before.', next: 'Somebody may be pretending to be it. Ask the person, then compare codes again.' },
  'listing-too-long': { what: 'The list of files goes on beyond what one download takes.', about: 'The list of files of “{name}” goes on beyond what one download takes.', next: 'What was listed is here. Download folders inside of it one by one to get the rest.' },
  'too-many': { what: 'Too much at once.', next: 'Wait until something has ended, then try again.' },
  'rate-limited': { what: 'That was too often in a short time.', next: 'Wait a few seconds, then try again.' },
  'network-off': { what: 'The network that leads there is switched off in DistriShare.', about: 'The network {name} leads there, and it is switched off in DistriShare.', next: 'Switch it on under Settings, Networks (or with “distrishare networks”), or use an address in another network.' },
  'link-closed': { what: 'The connection ended.', about: 'The connection to {name} ended.', next: 'It is made again by itself.' },

  'transfer-unknown': { what: 'There is no such transfer.', about: 'There is no transfer “{name}”.', next: 'Look at the transfers: it may be done, or have been removed from the list.' },
  'content-unknown': { what: 'Nobody who is online has this content.', about: 'Nobody who is online has the content {name}.', next: 'Try again when the people who have it are online.' },
  'content-mismatch': { what: 'What arrived is not what was promised.', about: 'What arrived for “{name}” is not what was promised.', next: 'Nothing of it was kept. It is asked for elsewhere by itself.' },
  'source-changed': { what: 'The file changed on the other device.', about: '“{name}” changed on the other device.', next: 'Get it again to have the new version. What is here of the old one is kept.' },
  'no-sources': { what: 'Nobody who is online has it right now.', about: 'Waits for {who}. | Waits for {who} and 1 other. | Waits for {who} and {n} others.', next: 'It continues by itself when somebody who has it is back.' },
  'sources-banned': { what: 'Whoever has it sent damaged pieces and is not asked any more.', about: 'Whoever has “{name}” sent damaged pieces and is not asked any more.', next: 'It continues by itself when somebody else who has it is here, or asks them again after an hour, or once you forgive them.' },
  declined: { what: 'They declined.', about: '{name} declined.', next: 'Ask them, then send it again.' },
  'offer-unknown': { what: 'There is no such offer.', about: 'There is no offer “{name}”.', next: 'Look at what is waiting: it may have been taken back.' },
  'journal-damaged': { what: 'The notes on what had arrived were damaged.', about: 'The notes on what had arrived of “{path}” were damaged.', next: 'The file is checked piece by piece and goes on from there. Nothing verified is fetched again.' },
  'lab-failed': { what: 'The simulation broke a rule that must hold.', about: 'The simulation broke a rule that must hold: {detail}.', next: 'This is a mistake in DistriShare, none of yours. Report it with the options of the command: they repeat it.' },
  'lab-out-of-time': { what: 'Not every simulated device got everything in time.', about: 'Devices that still lack something after {seconds} s of simulated time: {unfinished}.', next: 'Allow more with --limit, or give them more to fetch from. If no time is enough although someone has everything, report it with the options of the command: they repeat it.' },
  'hash-mismatch': { what: 'A piece arrived damaged.', about: 'A piece of “{name}” arrived damaged.', next: 'It is asked for again by itself.' },
} as const satisfies Record<ErrorCode, ErrorText>;
