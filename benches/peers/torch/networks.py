"""The networks, with impasto's names for their weights, and one step of work for each."""

import itertools
import json

import torch
import torch.nn as nn
import torch.nn.functional as F
from safetensors.torch import save_file


class Network:
    """What a network begins with, and its step, which returns losses or a measure of the result."""

    def __init__(self, name, modules, batch, step):
        self.name, self.modules, self.batch, self.step = name, modules, batch, step

    def write(self, path):
        """A checkpoint as impasto reads it."""
        tensors = {f"batch/{name}": tensor for name, tensor in self.batch.items()}
        for prefix, module in self.modules:
            for name, tensor in module.state_dict().items():
                if not name.endswith("num_batches_tracked"):
                    tensors[f"weights/{prefix}{name}"] = tensor
        tensors = {name: tensor.detach().float().clone().contiguous() for name, tensor in tensors.items()}
        header = {"format": 1, "kind": "bench", "meta": None, "buffers": []}
        save_file(tensors, path, metadata={"impasto": json.dumps(header)})


class Cnn(nn.Module):
    def __init__(self):
        super().__init__()
        channels = [1, 32, 64, 128]
        self.conv = nn.ModuleList(nn.Conv2d(i, o, 3, padding=1) for i, o in itertools.pairwise(channels))
        self.norm = nn.ModuleList(nn.BatchNorm2d(o) for o in channels[1:])
        self.hidden, self.head = nn.Linear(128 * 49, 128), nn.Linear(128, 10)

    def forward(self, x):
        for i, (conv, norm) in enumerate(zip(self.conv, self.norm)):
            x = F.relu(norm(conv(x)), inplace=True)
            if i > 0:
                x = F.max_pool2d(x, 2)
        return self.head(F.relu(self.hidden(x.flatten(1)), inplace=True))


def cnn(b=128):
    net = Cnn()
    optimiser = torch.optim.Adam(net.parameters(), 1e-3)
    images, labels = torch.rand(b, 1, 28, 28), torch.randint(0, 10, (b,))

    def step():
        optimiser.zero_grad()
        loss = F.cross_entropy(net(images), labels)
        loss.backward()
        optimiser.step()
        return [loss.item()]
    return Network(LINES["cnn"], [("", net)], {"images": images, "labels": labels}, step)


class Generator(nn.Module):
    def __init__(self, nz=100, w=64):
        super().__init__()
        channels = [nz, 8 * w, 4 * w, 2 * w, w]
        self.up = nn.ModuleList(
            nn.ConvTranspose2d(i, o, 4, *((2, 1) if i > nz else (1, 0)), bias=False)
            for i, o in itertools.pairwise(channels))
        self.norm = nn.ModuleList(nn.BatchNorm2d(o) for o in channels[1:])
        self.picture = nn.ConvTranspose2d(w, 3, 4, 2, 1, bias=False)

    def forward(self, z):
        x = z[:, :, None, None]
        for up, norm in zip(self.up, self.norm):
            x = F.relu(norm(up(x)), inplace=True)
        return torch.tanh(self.picture(x))


class Discriminator(nn.Module):
    def __init__(self, w=64):
        super().__init__()
        channels = [3, w, 2 * w, 4 * w, 8 * w]
        self.down = nn.ModuleList(nn.Conv2d(i, o, 4, 2, 1, bias=False) for i, o in itertools.pairwise(channels))
        self.norm = nn.ModuleDict({str(i): nn.BatchNorm2d(channels[i + 1]) for i in (1, 2, 3)})
        self.logit = nn.Conv2d(8 * w, 1, 4, 1, 0, bias=False)

    def forward(self, x):
        x = F.leaky_relu(self.down[0](x), 0.2, inplace=True)
        for i in (1, 2, 3):
            x = F.leaky_relu(self.norm[str(i)](self.down[i](x)), 0.2, inplace=True)
        return self.logit(x).flatten()


def dcgan(b=64, nz=100):
    generator, discriminator = Generator(nz), Discriminator()
    adams = [torch.optim.Adam(net.parameters(), 2e-4, (0.5, 0.999)) for net in (generator, discriminator)]
    real, one, zero = torch.rand(b, 3, 64, 64) * 2 - 1, torch.ones(b), torch.zeros(b)
    noise = {f"z.{i}": torch.randn(b, nz) for i in range(3)}
    zs = itertools.cycle(noise.values())
    bce = F.binary_cross_entropy_with_logits

    def step():
        fake = generator(next(zs))
        adams[1].zero_grad()
        loss_d = bce(discriminator(real), one) + bce(discriminator(fake.detach()), zero)
        loss_d.backward()
        adams[1].step()
        adams[0].zero_grad()
        loss_g = bce(discriminator(fake), one)
        loss_g.backward()
        adams[0].step()
        return [loss_d.item(), loss_g.item()]
    return Network(LINES["dcgan"], [("generator.", generator), ("discriminator.", discriminator)], {"real": real, **noise}, step)


VGG16 = [64, 64, "M", 128, 128, "M", 256, 256, 256, "M", 512, 512, 512]
VGG19 = [64, 64, "M", 128, 128, "M", 256, 256, 256, 256, "M", 512, 512, 512, 512, "M", 512]


class Vgg(nn.Module):
    """A frozen VGG, up to its last layer that is asked for; returns the outputs of `taps`."""

    def __init__(self, layers, taps):
        super().__init__()
        self.features, self.taps, c = nn.Sequential(), taps, 3
        for layer in layers:
            if layer == "M":
                self.features.append(nn.MaxPool2d(2))
            else:
                self.features.extend([nn.Conv2d(c, layer, 3, padding=1), nn.ReLU()])
                c = layer
        self.requires_grad_(False)

    def forward(self, x):
        found = {}
        for i, layer in enumerate(self.features):
            x = layer(x)
            if i in self.taps:
                found[i] = x
        return found


def gram(f):
    f = f.flatten(2)
    return f @ f.transpose(1, 2) / f[0].numel()


def gatys(name, size):
    style, content = [1, 6, 11, 20, 29], 22
    net = Vgg(VGG19, {*style, content})
    image, painting, photograph = (torch.rand(1, 3, size, size) for _ in range(3))
    with torch.no_grad():
        found = net(painting)
        grams = {i: gram(found[i]) for i in style}
        target = net(photograph)[content]
        del found
    image.requires_grad_(True)
    optimiser = torch.optim.Adam([image], 0.02)

    def step():
        optimiser.zero_grad()
        found = net(image)
        loss = sum(F.mse_loss(gram(found[i]), grams[i]) for i in style) * 1e4 + F.mse_loss(found[content], target)
        loss.backward()
        optimiser.step()
        return [loss.item()]
    return Network(LINES[name], [("", net)], {"image": image, "painting": painting, "photograph": photograph}, step)


class Conv(nn.Module):
    def __init__(self, i, o, k, stride):
        super().__init__()
        self.pad, self.conv2d = nn.ReflectionPad2d(k // 2), nn.Conv2d(i, o, k, stride)

    def forward(self, x):
        return self.conv2d(self.pad(x))


class Residual(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.conv1, self.in1 = Conv(c, c, 3, 1), nn.InstanceNorm2d(c, affine=True)
        self.conv2, self.in2 = Conv(c, c, 3, 1), nn.InstanceNorm2d(c, affine=True)

    def forward(self, x):
        return x + self.in2(self.conv2(F.relu(self.in1(self.conv1(x)), inplace=True)))


class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2, self.conv3 = Conv(3, 32, 9, 1), Conv(32, 64, 3, 2), Conv(64, 128, 3, 2)
        for i in range(1, 6):
            self.add_module(f"res{i}", Residual(128))
        self.deconv1, self.deconv2, self.deconv3 = Conv(128, 64, 3, 1), Conv(64, 32, 3, 1), Conv(32, 3, 9, 1)
        for i, c in enumerate((32, 64, 128, 64, 32), 1):
            self.add_module(f"in{i}", nn.InstanceNorm2d(c, affine=True))

    def forward(self, x):
        for conv, norm in ((self.conv1, self.in1), (self.conv2, self.in2), (self.conv3, self.in3)):
            x = F.relu(norm(conv(x)), inplace=True)
        for i in range(1, 6):
            x = getattr(self, f"res{i}")(x)
        for conv, norm in ((self.deconv1, self.in4), (self.deconv2, self.in5)):
            x = F.relu(norm(conv(F.interpolate(x, scale_factor=2, mode="nearest"))), inplace=True)
        return self.deconv3(x)


def stylize(name, size):
    net, photographs = Transformer().eval(), torch.rand(1, 3, size, size)

    def step():
        with torch.no_grad():
            return [net(photographs).square().mean().item()]
    return Network(LINES[name], [("", net)], {"photographs": photographs}, step)


def fast_train(b=4, size=256):
    style, content = [3, 8, 15, 22], 8
    net, judge = Transformer(), Vgg(VGG16, {3, 8, 15, 22})
    optimiser = torch.optim.Adam(net.parameters(), 1e-3)
    photographs, painting = torch.rand(b, 3, size, size), torch.rand(1, 3, size, size)
    with torch.no_grad():
        grams = {i: gram(f) for i, f in judge(painting).items()}

    def step():
        optimiser.zero_grad()
        found = judge(net(photographs))
        with torch.no_grad():
            target = judge(photographs)[content]
        loss = 1e5 * F.mse_loss(found[content], target)
        loss = loss + sum(1e10 * F.mse_loss(gram(found[i]), grams[i].expand(b, -1, -1)) for i in style)
        loss.backward()
        optimiser.step()
        return [loss.item()]
    batch = {"photographs": photographs, "painting": painting}
    return Network(LINES["fast_train"], [("", net), ("", judge)], batch, step)


def vgg16(size=512):
    net, image = Vgg(VGG16[:11], {18}), torch.rand(1, 3, size, size, requires_grad=True)

    def step():
        image.grad = None
        loss = net(image)[18].square().mean()
        loss.backward()
        return [loss.item(), image.grad.square().sum().item()]
    return Network(LINES["vgg16"], [("", net)], {"image": image}, step)


class Critic(nn.Module):
    def __init__(self):
        super().__init__()
        channels = [3, 64, 128, 256]
        self.conv = nn.ModuleList(nn.Conv2d(i, o, 4, 2, 1) for i, o in itertools.pairwise(channels))
        self.score = nn.Linear(256 * 16, 1)

    def forward(self, x):
        for conv in self.conv:
            x = F.leaky_relu(conv(x), 0.2)
        return self.score(x.flatten(1))


def critic(name, penalised, b=64, gamma=1.0):
    net = Critic()
    optimiser = torch.optim.Adam(net.parameters(), 2e-4)
    pictures = {name: torch.rand(b, 3, 32, 32) * 2 - 1 for name in ("real", "fake")}

    def penalty(x, scores):
        return torch.autograd.grad(scores.sum(), x, create_graph=True)[0].square().sum() / b

    def step():
        optimiser.zero_grad()
        real, fake = (x.clone().requires_grad_(penalised) for x in pictures.values())
        on_real, on_fake = net(real), net(fake)
        loss = F.softplus(on_fake - on_real).mean()
        if penalised:
            loss = loss + gamma / 2 * (penalty(real, on_real) + penalty(fake, on_fake))
        loss.backward()
        optimiser.step()
        return [loss.item()]
    return Network(LINES[name], [("", net)], pictures, step)


# What impasto prints for each name.
LINES = {
    "cnn": "cnn 28px b128 train step",
    "dcgan": "dcgan64 b64 train step",
    "gatys256": "gatys vgg19 256px iteration",
    "gatys": "gatys vgg19 512px iteration",
    "stylize": "transformernet 512px inference",
    "stylize1024": "transformernet 1024px inference",
    "fast_train": "fast-style train b4 256px step",
    "vgg16": "vgg16 relu4_1 512px gradient",
    "critic": "critic 32px b64 plain step",
    "critic_r1r2": "critic 32px b64 r1 and r2 step",
}
ALL = {
    "cnn": cnn,
    "dcgan": dcgan,
    "gatys256": lambda: gatys("gatys256", 256),
    "gatys": lambda: gatys("gatys", 512),
    "stylize": lambda: stylize("stylize", 512),
    "stylize1024": lambda: stylize("stylize1024", 1024),
    "fast_train": fast_train,
    "vgg16": vgg16,
    "critic": lambda: critic("critic", False),
    "critic_r1r2": lambda: critic("critic_r1r2", True),
}
