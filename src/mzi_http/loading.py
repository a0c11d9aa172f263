"""How settings are read: the file, then the environment; every problem is told at once."""

import os
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path

import attrs
import typed_settings as ts
from typed_settings.dict_utils import get_path, set_path
from typed_settings.exceptions import TsError
from typed_settings.types import OptionInfo, OptionList, SettingsClass, SettingsDict

from mzi_http.settings import HERE, Settings, SettingsRefused, options, variable
from mzi_http.sources import POINTER, PREFIX, TESTS, settings_file


def read(file: Path | None) -> Settings:
    """What is said; `file` comes before the one MZI_SETTINGS names. Raises SettingsRefused."""
    path = _file(file)
    problems = _unknown_variables(os.environ)
    refuse = _Refuse(path, problems)
    loaders: list[ts.loaders.Loader] = [ts.EnvLoader(PREFIX)]
    if path is not None:
        loaders.insert(0, ts.FileLoader({"*": _Toml(problems)}, [path]))
    try:
        settings = ts.load_settings(Settings, loaders, processors=[refuse])
    except UnicodeDecodeError as error:
        raise SettingsRefused([f"`{path}` is not UTF-8; save it as UTF-8."]) from error
    except TsError as error:  # a file that is no TOML, or cannot be read
        raise SettingsRefused([f"`{path}` cannot be read: {error}"]) from error
    if problems := list(settings.notify.problems()):
        raise SettingsRefused(problems)
    if path is None or settings.secrets.folder != HERE:
        return settings
    return attrs.evolve(settings, secrets=attrs.evolve(settings.secrets, folder=str(path.parent)))


def _file(named: Path | None) -> Path | None:
    path = settings_file(named)
    if path is not None and not path.is_file():
        source = "--settings" if named else POINTER
        raise SettingsRefused([f"There is no file `{path}`, which {source} names."])
    return path


def _not_known(what: str, name: str, known: Iterable[str]) -> str:
    known = list(known)
    close = get_close_matches(name, known, n=1)
    hint = f"Did you mean `{close[0]}`?" if close else f"Known are {', '.join(f'`{k}`' for k in known)}."
    return f"{what} `{name}` is not known. {hint}"


def _unknown_variables(environment: Mapping[str, str]) -> list[str]:
    known = [POINTER, *map(variable, options())]
    return [
        _not_known("The environment variable", name, known)
        for name in sorted(environment)
        if name.startswith(PREFIX) and not name.startswith(TESTS) and name not in known
    ]


def _paths(settings: SettingsDict, prefix: str = "") -> Iterable[str]:
    for name, value in settings.items():
        if isinstance(value, dict) and value:
            yield from _paths(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


@attrs.frozen
class _Toml:
    """Reads a settings file, and takes out of it what is not known, noting a problem for each."""

    problems: list[str]

    def __call__(self, path: Path, settings_cls: SettingsClass, options: OptionList) -> SettingsDict:
        settings = ts.TomlFormat(None)(path, settings_cls, options)
        known = [option.path for option in options]
        found = list(_paths(settings))
        self.problems.extend(
            _not_known(f"In {path.name} the setting", name, known) for name in found if name not in known
        )
        kept: SettingsDict = {}
        for name in found:
            if name in known:
                set_path(kept, name, get_path(settings, name))
        return kept


@attrs.frozen
class _Refuse:
    """The last step before conversion: tries every value, and raises all problems together."""

    path: Path | None
    problems: list[str]

    def __call__(
        self, settings_dict: SettingsDict, settings_cls: SettingsClass, options: OptionList
    ) -> SettingsDict:
        for option in options:
            try:
                if option.converter is not None:
                    option.converter(get_path(settings_dict, option.path))
            except ValueError as error:
                self.problems.append(f"{self._place(option)} {error}")
        if self.problems:
            raise SettingsRefused(self.problems)
        return settings_dict

    def _place(self, option: OptionInfo) -> str:
        """Where the option is set."""
        name = variable(option)
        return f"`{name}`" if name in os.environ else f"`{option.path}` in {self.path}"
