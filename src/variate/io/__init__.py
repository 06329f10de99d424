"""Reading and writing data files: NumPy archives, the UCR and UEA layouts, long tables.

>>> import pathlib, tempfile, variate
>>> from variate.io import File, read, write
>>> folder = tempfile.TemporaryDirectory()
>>> path = pathlib.Path(folder.name, "small.tsv")
>>> write(path, File(variate.Panel([[1.0, 2.5]], label=[0]), classes=("cat",)))
>>> path.read_text()
'cat\\t1\\t2.5\\n'
>>> read(path).classes
('cat',)
>>> folder.cleanup()
"""

from variate.io.file import File
from variate.io.files import ENDINGS, check_target, read, write

__all__ = ["ENDINGS", "File", "check_target", "read", "write"]
