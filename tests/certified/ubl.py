"""What is wrong with e-invoices: the schemas of UBL 2.1, the rules of EN 16931 by CEN, those of PEPPOL BIS Billing 3.0.

Runs on what `scripts/certified.sh` has fetched, in a process of its own: `python ubl.py FETCHED FOLDER` prints JSON.
"""

import json
import re
import sys
from pathlib import Path

fetched, folder = map(Path, sys.argv[1:])
sys.path.append(str(fetched))
from lxml import etree  # noqa: E402  # what was fetched stands last: lxml is our own
from peppol.rules import check_rules  # noqa: E402
from saxonche import PySaxonProcessor  # noqa: E402

RULES = fetched / "mcp_einvoicing_core/resources/schematron/en16931_base/CEN-EN16931-UBL.xslt"
schema = etree.XMLSchema(etree.parse(fetched / "peppol/schema/maindoc/UBL-Invoice-2.1.xsd"))
found: dict[str, list[str]] = {}
with PySaxonProcessor(license=False) as saxon:
    rules = saxon.new_xslt30_processor().compile_stylesheet(stylesheet_file=str(RULES))
    for file in sorted(folder.glob("*.xml")):
        schema.validate(etree.parse(file))
        wrong = [str(error) for error in schema.error_log]
        wrong += [f"{one.rule_id} {one.message}" for one in check_rules(file.read_bytes())]
        told = rules.transform_to_string(source_file=str(file))
        assert "fired-rule" in told
        found[file.name] = wrong + re.findall(r'failed-assert[^>]* id="([^"]*)"', told)
print(json.dumps(found))
