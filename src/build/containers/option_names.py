# Prints as JSON which options the services of this image know, by oslo.config's entry points (what oslo-config-generator
# reads), and which each of keystoneauth's plugins adds to a section that names it. Sections and options as files spell them.
import importlib.metadata
import json
import logging
import sys
import warnings

warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)


def spelled(name):
    return name.replace("-", "_")


options, skipped = {}, {}
for point in sorted(importlib.metadata.entry_points(group="oslo.config.opts"), key=lambda each: each.name):
    try:
        for group, opts in point.load()():
            section = options.setdefault(str(getattr(group, "name", group) or "DEFAULT"), set())
            for opt in opts:
                section.add(spelled(opt.dest))
                section.add(spelled(opt.name))
                for old in opt.deprecated_opts:
                    name = spelled(old.name or opt.name)
                    (options.setdefault(old.group, set()) if old.group else section).add(name)
    except Exception as error:  # one library that does not load must not hide the others
        skipped[point.name] = repr(error)[:200]

auth = {}
try:
    from keystoneauth1 import loading

    for name, loader in loading.get_available_plugin_loaders().items():
        names = set()
        for opt in loader.get_options():
            names.update(spelled(each.dest) for each in [opt, *opt.deprecated])
        auth[name] = sorted(names)
except Exception as error:
    skipped["keystoneauth1"] = repr(error)[:200]

json.dump(
    {
        "version": 1,
        "options": {name: sorted(names) for name, names in sorted(options.items())},
        "auth": auth,
        "skipped": skipped,
    },
    sys.stdout,
)
