"""axe-core, run in a page: what it is asked and how it answers (ux.md §4.3)."""

from pathlib import Path

AXE = (Path(__file__).parents[1] / "vendor/axe.min.js").read_text("utf-8")  # served as a file it is compiled once
RUN = """async (only) => (await axe.run(document, {runOnly: {type: only.type, values: only.values}, rules: only.rules ?? {}, resultTypes: ['violations']})).violations.map(
    v => v.id + ': ' + v.nodes.map(n => n.target.join(' ') + ' ' + n.failureSummary.replace(/\\s+/g, ' ')).slice(0, 3).join(' | '))"""
# One page after the other is written into the same window, which so knows axe already and runs it warm.
WALK = """async ([pages, only]) => {
    const run = RUN, found = [];
    for (const page of pages) {
        const text = await (await fetch('/' + page)).text();
        await new Promise(done => { document.open(); window.onload = done; document.write(text); document.close(); });
        for (const fault of await run(only)) found.push([page, fault]);
    }
    return found; }""".replace("RUN", RUN)
EVERYTHING = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
WORDS = EVERYTHING | {"rules": {rule: {"enabled": False} for rule in ("color-contrast", "link-in-text-block")}}  # no colours
COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
