"""What chainrule says to people, in English and Chinese.

message      Message (one text in both languages), the current language
suggestion   " Did you mean 'adam'?"

A message is declared at the top of the file that says it, so the catalogue is the set of all Message values in the
package; a test collects them and checks that both languages are complete.
"""

from chainrule.messages.message import LANGUAGES, Message, language, use_language
from chainrule.messages.suggestion import suggestion

__all__ = ["LANGUAGES", "Message", "language", "suggestion", "use_language"]
