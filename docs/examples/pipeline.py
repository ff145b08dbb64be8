"""What a program that asks for labels may look like; `docs/lint.md` checks it."""


def labels(client, project_id, job):
    crossings = client.labels(
        project_id,
        category_search="""
            OBJECTS.PERSON.count > 3
            AND NOT (OBJECTS.CARS OR WEATHER.RAINY)
        """,
    )
    others = client.labels(project_id, category_search=f"{job}.PERSON.count > 0")
    return crossings + others
