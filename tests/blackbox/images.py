"""What tests of images are made from: layers, archives of docker, OCI image layouts. Put in front of a test's own Python."""
import gzip, hashlib, io, json, lzma, os, shutil, subprocess, sys, tarfile

TAR = 'application/vnd.oci.image.layer.v1.tar'
MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
INDEX = 'application/vnd.oci.image.index.v1+json'
CONFIG = 'application/vnd.oci.image.config.v1+json'


def digest(data):
    return 'sha256:' + hashlib.sha256(data).hexdigest()


class Layer:
    """A tar in memory, entries in the order of the calls."""

    def __init__(self):
        self.buffer = io.BytesIO()
        self.tar = tarfile.open(fileobj=self.buffer, mode='w', format=tarfile.PAX_FORMAT)

    def add(self, name, kind, target='', data=b'', mode=0o644, **more):
        member = tarfile.TarInfo(name)
        member.type, member.linkname, member.size, member.mode, member.mtime = kind, target, len(data), mode, 1000000000
        for key, value in more.items():
            setattr(member, key, value)
        self.tar.addfile(member, io.BytesIO(data))
        return self

    def file(self, name, data=b'', mode=0o644, **more):
        return self.add(name, tarfile.REGTYPE, data=data.encode() if isinstance(data, str) else data, mode=mode, **more)

    def folder(self, name, mode=0o755, **more):
        return self.add(name, tarfile.DIRTYPE, mode=mode, **more)

    def link(self, name, target):
        return self.add(name, tarfile.SYMTYPE, target, mode=0o777)

    def hard(self, name, target):
        return self.add(name, tarfile.LNKTYPE, target)

    def bytes(self):
        self.tar.close()
        return self.buffer.getvalue()


def base():
    """A layer in which programs run."""
    layer = Layer().folder('bin')
    layer.file('bin/busybox', open(os.environ['BUSYBOX'], 'rb').read(), 0o755)
    for name in ('sh', 'ls', 'cat', 'echo', 'find', 'sort', 'id', 'stat', 'readlink', 'sleep', 'true', 'test', 'env'):
        layer.link('bin/' + name, 'busybox')
    return layer


def config(layers, architecture=None, os_name='linux', **settings):
    machine = {'x86_64': 'amd64', 'aarch64': 'arm64'}.get(os.uname().machine, os.uname().machine)
    return json.dumps({'architecture': architecture or machine, 'os': os_name, 'config': settings,
                       'rootfs': {'type': 'layers', 'diff_ids': [digest(layer) for layer in layers]}}).encode()


def compress(data, how):
    if how == 'gzip':
        return gzip.compress(data, 1, mtime=0)
    if how == 'xz':
        return lzma.compress(data, preset=0)
    if how == 'zstd':
        return subprocess.run(['zstd', '-q', '-1', '-c'], input=data, stdout=subprocess.PIPE, check=True).stdout
    return data


def pack(members, path, how=''):
    """members: name → bytes, or a str for a symbolic link."""
    layer = Layer()
    for name, data in members:
        if isinstance(data, str):
            layer.link(name, data)
        else:
            layer.file(name, data)
    open(path, 'wb').write(compress(layer.bytes(), how))


def docker_old(images, manifest_first=False):
    """images: (tags, config, layers). As docker wrote it up to version 24: a layer that comes again is a link."""
    members, manifest, seen = [], [], {}
    for number, (tags, settings, layers) in enumerate(images):
        names = []
        for place, layer in enumerate(layers):
            name = hashlib.sha256(b'%d %d' % (number, place)).hexdigest() + '/layer.tar'
            names.append(name)
            members.append((name, '../' + seen[layer] if layer in seen else layer))
            seen.setdefault(layer, name)
            members.append((name.replace('layer.tar', 'json'), b'{}'))
            members.append((name.replace('layer.tar', 'VERSION'), b'1.0'))
        members.append((digest(settings)[7:] + '.json', settings))
        manifest.append({'Config': digest(settings)[7:] + '.json', 'RepoTags': tags, 'Layers': names})
    last = [('manifest.json', json.dumps(manifest).encode()), ('repositories', b'{}')]
    return last + members if manifest_first else members + last


class Layout:
    """An OCI image layout: name → bytes."""

    def __init__(self):
        self.members, self.manifests = {}, []

    def blob(self, data, kind, **more):
        self.members['blobs/sha256/' + digest(data)[7:]] = data
        return {'mediaType': kind, 'digest': digest(data), 'size': len(data), **more}

    def manifest(self, settings, layers, how='', **more):
        parts = [self.blob(compress(layer, how), TAR + ('+' + how if how else '')) for layer in layers]
        text = {'schemaVersion': 2, 'mediaType': MANIFEST, 'config': self.blob(settings, CONFIG), 'layers': parts}
        return self.blob(json.dumps(text).encode(), MANIFEST, **more)

    def index(self, manifests, **more):
        text = {'schemaVersion': 2, 'mediaType': INDEX, 'manifests': manifests}
        return self.blob(json.dumps(text).encode(), INDEX, **more)

    def name(self, descriptor, name=None):
        if name:
            descriptor = {**descriptor, 'annotations': {'org.opencontainers.image.ref.name': name}}
        self.manifests.append(descriptor)
        return self

    def files(self):
        return sorted(self.members.items()) + [
            ('index.json', json.dumps({'schemaVersion': 2, 'manifests': self.manifests}).encode()),
            ('oci-layout', b'{"imageLayoutVersion":"1.0.0"}')]

    def write(self, path):
        for name, data in self.files():
            os.makedirs(os.path.dirname(os.path.join(path, name)), exist_ok=True)
            open(os.path.join(path, name), 'wb').write(data)
