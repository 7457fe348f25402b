"""The home page and lists for several people, over HTTP."""


def test_home_has_shelves_without_a_title_twice(newcomer):
    person = newcomer()
    person.rate({1: 5, 2: 5, 3: 1})
    answer = person.get("/recommendations/home", params={"k": 6, "platform": "web"})
    assert answer.status_code == 200
    shelves = answer.json()["shelves"]
    assert [shelf["name"] for shelf in shelves][:2] == ["for_you", "because_you_liked"]
    shown = [place["item"]["id"] for shelf in shelves for place in shelf["items"]]
    assert len(shown) == len(set(shown)) and not {1, 2, 3} & set(shown)
    engaged = {"impression_id": shelves[1]["impression_id"], "item_id": shelves[1]["items"][0]["item"]["id"]}
    assert person.post("/events/engagements", json={**engaged, "action": "click"}).status_code == 201
    assert person.get("/recommendations/home", params={"k": 51}).status_code == 422


def test_a_group_gets_one_list_with_everybodys_reasons(newcomer, admin):
    members = [newcomer(), newcomer()]
    members[0].rate({1: 5, 5: 5, 9: 5})
    members[1].rate({2: 5, 6: 5, 10: 5})
    body = {"user_ids": [member.id for member in members], "k": 4, "strategy": "least_misery"}
    answer = admin.post("/recommendations/group", json=body).json()
    assert len(answer["items"]) == 4 and answer["user_id"] is None
    for place in answer["items"]:
        assert place["item"]["id"] not in {1, 2, 5, 6, 9, 10}
        assert [voice["user_id"] for voice in place["voices"]] == body["user_ids"]
    missing = admin.post("/recommendations/group", json={**body, "user_ids": [members[0].id, 99_999]})
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "user_not_found")
    for bad in ([], [members[0].id] * 2, list(range(1, 23))):
        assert admin.post("/recommendations/group", json={**body, "user_ids": bad}).status_code == 422
    assert members[0].post("/recommendations/group", json=body).status_code == 403
