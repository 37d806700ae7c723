"""What the rules said of the captures up to a point; only ever inserted."""

from collections.abc import Sequence

from sqlalchemy import select

from evidence_store import citing
from evidence_store.captures import Captures
from evidence_store.documents import finding_id
from evidence_store.errors import NotFound, Unsupported
from evidence_store.exchange import NewFinding
from evidence_store.models import Assessment, Finding, Run, new_id


class Runs(Captures):
    def save_run(
        self,
        assessment_id: str,
        *,
        rules_digest: str,
        software: str,
        through: str,
        complete: bool,
        findings: Sequence[NewFinding],
        document: bytes | None = None,
    ) -> Run:
        """`through` is the record id of the last capture read. Raises NotFound, Unsupported, StoreFull.

        The `document` says the same for the archive, and stands there before the rows do.
        """
        for finding in findings:
            _check(finding)
        cited = [one for finding in findings for one in finding.evidence]
        with self.reading() as session:
            if session.get(Assessment, assessment_id) is None:
                raise NotFound("assessment", assessment_id)
            citing.check_cited(session, cited)
        run_id, date = new_id(), None
        if document is not None:
            uri = f"urn:losi:findings:{assessment_id}/{run_id}"
            date = self.journal(assessment_id, "findings", uri, document).timestamp
        with self.writing() as session:
            self.lock(session, assessment_id)
            run = Run(
                id=run_id,
                assessment_id=assessment_id,
                rules_digest=rules_digest,
                software=software,
                through=through,
                complete=complete,
                date=date or self.now(session),
            )
            session.add(run)
            session.flush()
            session.add_all(_finding(run, number, new) for number, new in enumerate(findings))
        return run

    def latest_run(self, assessment_id: str) -> Run | None:
        newest = select(Run).where(Run.assessment_id == assessment_id).order_by(Run.id.desc()).limit(1)
        with self.reading() as session:
            return session.scalars(newest).one_or_none()

    def runs(self, assessment_id: str) -> list[Run]:
        """The oldest first."""
        with self.reading() as session:
            found = select(Run).where(Run.assessment_id == assessment_id).order_by(Run.id)
            return list(session.scalars(found))

    def findings(self, run_id: str) -> list[Finding]:
        """In the order saved, each with its evidence."""
        with self.reading() as session:
            return list(session.scalars(select(Finding).where(Finding.run_id == run_id).order_by(Finding.id)))


def _check(finding: NewFinding) -> None:
    citing.check_outcome(finding.test, finding.outcome)
    if finding.mode != "automatic":
        raise Unsupported(f"{finding.test}: a finding is automatic; only a person answers")
    if finding.outcome in ("passed", "failed") and not finding.evidence:
        raise Unsupported(f"{finding.test}: a finding {finding.outcome} cites captures, this one none")


def _finding(run: Run, number: int, new: NewFinding) -> Finding:
    return Finding(
        id=finding_id(run.id, number),
        run_id=run.id,
        test=new.test,
        outcome=new.outcome,
        mode=new.mode,
        confidence=new.confidence,
        date=run.date,
        info=dict(new.info),
        evidence=citing.rows(new.evidence),
    )
