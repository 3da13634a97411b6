# ruff: noqa: E501 - patterns read better in long lines
"""The verbs of edits, as parts of patterns: what raises, lowers, moves, sets, swaps and drops, what need not hold."""

from __future__ import annotations

UP = r"(?:increase|raise|bump|lift|up|boost|grow|push(?: up)?|hike)"
DOWN = r"(?:decrease|lower|reduce|cut|drop|shrink|bring down|lessen)"
MOVE = r"(?:move|shift|extend|lengthen|shorten|widen|relax|loosen|tighten|adjust|bring|take|turn|dial|push|put|expand|broaden|narrow|limit|restrict)"
SET = r"(?:change|set|update|switch|modify|alter|edit|correct|convert|make|turn)"
SWAP = r"(?:swap(?: out)?|switch(?: out)?|trade|exchange|substitute|replace)"
DROP = r"(?:remove|drop|delete|forget(?: about)?|ignore|take out|take away|get rid of|lose|skip|clear|scrap|ditch|discard|eliminate|cancel|disregard|omit|erase|strike|kill|dump|do away with|cut|relinquish|lift|unset|undo|stop (?:requiring|filtering (?:on|by)|using|asking for|looking at)|no longer (?:require|need|filter (?:on|by)|ask for)|kick out|throw out|throw away|pull out|cross out|subtract)"
MATTERS = r"(?:matters?|important|relevant|needed|necessary|required|count|apply|play a role|a condition|interesting)"
BUT = r"(?:except(?: for)?|but(?: for)?|other than|apart from|besides|save(?: for)?|aside from)"
ASKED = r"(?:where|what|how|which|when|who|whose|whether|if|about)"
ANY_MORE = r"(?: any ?more| any longer| at all)?"
NEED_NOT = r"(?:need not|needn't|no longer (?:have|need) to|(?:do not|don't|does not|doesn't)(?: really| necessarily)? (?:have|need) to)"
BEING = r"(?:be|have|live|come|own|hold)(?: (?:in|from|on|any|an?))?"
NUMBER = (
    r"(?=(?:(?:a|an|the|just|only|about|exactly|at least|at most|over|under|above|below|more than|less than|fewer than|no more than|up to|between|from|minimum|maximum) )*"
    r"(?:[^\w ]*\d|R\d|(?:zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|"
    r"hundred|thousand|million|half a|a dozen|last|next|past|this|yesterday|today|since|before|after)\b))"
)
DENY = r"(?:exclude|excluding|leave out|leaving out|but not|but no|not|except(?: for)?|excepting|other than|apart from|all but|no|minus|nobody|no one|none|without|but without|never mind including|weed out|filter out|rule out|keep out|screen out)"
GROW = r"(?:or|or else|or even|or also|and also include|also include|also including|include|including|also allow|allow|also accept|accept|count in|bring in|let in|open (?:it|this|that)(?: up)? to|(?:widen|extend|expand|broaden|enlarge|grow)(?: (?:it|this|that|them))?(?: out)? to(?: also)?(?: include)?|have also|also have|add in)"
ONLY = r"(?:require|only|just|but only|solely|exclusively|must|must be|must have|must also be|should|should be|need to(?: be| have)?|they need to(?: be| have)?|they must(?: also)?(?: be| have)?|they should(?: also)?(?: be| have)?|narrow(?: it| this| that| them)?(?: down)? to|limit(?: it| this| that| them)? to|restrict(?: it| this| that| them)? to|filter(?: by| to| on| for)?|keep only|only keep|keep|focus on|only show|show only|only want|i only want|i want only|make sure(?: that)?(?: they)?(?: are| have)?|ensure(?: that)?(?: they)?(?: are| have)?)"
ALSO = r"(?:also|add|plus|as well as|in addition|additionally|further|and also|add also|also add|let's also have|throw in|and)"
PADDING = r"(?:a condition(?: that| for)?|the condition(?: that)?|condition|a filter(?: for| on)?|filter|those|that|they|who|with|the ones|ones|people|customers)"
USE = r"(?:use|take|have|show|put|make (?:it|that)|choose|pick|select|go (?:with|for)|do|try)"
