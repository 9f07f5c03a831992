"""What chainrule says to people, in English and Chinese.

message      Message (one text in both languages), the current language, in_language
suggestion   " Did you mean 'adam'?"
wrapping     where a line may be broken
paragraph    how a longer text is printed

A message is declared at the top of the file that says it, so the catalogue is the set of all Message values in the
package; a test collects them and checks that both languages are complete.
"""

from chainrule.messages.message import LANGUAGES, Message, in_language, language, use_language
from chainrule.messages.suggestion import suggestion

__all__ = ["LANGUAGES", "Message", "in_language", "language", "suggestion", "use_language"]
